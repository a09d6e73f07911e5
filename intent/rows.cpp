// SPDX-License-Identifier: BSD-2-Clause
#include "rows.h"

#include "config.h"

namespace nfup::intent {

void Rows::step_to(std::size_t next)
{
	for (; at_ < next; ++at_)
		if (text_[at_] == '\n') {
			++line_;
			line_start_ = at_ + 1;
		}
}

bool Rows::next(Row& row)
{
	row.words.clear();
	bool gap = true;

	while (at_ < text_.size()) {
		std::size_t next = skip_config_item(text_, at_);
		const char c = text_[at_];
		const bool comment = c == '/' && next > at_ + 1;
		// A // comment takes its line's end with it; the row wants to see that.
		if (comment && text_[at_ + 1] == '/' && text_[next - 1] == '\n')
			--next;
		if (comment && text_[at_ + 1] == '*' && (next < at_ + 4 || text_.substr(next - 2, 2) != "*/"))
			open_comment_ = {"/*", at_, line_, static_cast<int>(at_ - line_start_) + 1};
		if (c == '\n') {
			row.end = at_;
			step_to(next);
			if (!row.words.empty())
				return true;
			gap = true;
			continue;
		}
		if (comment || is_space(c)) {
			gap = true;
		} else {
			if (gap)
				row.words.push_back({{}, at_, line_, static_cast<int>(at_ - line_start_) + 1});
			gap = false;
			row.words.back().text += text_.substr(at_, next - at_);
		}
		step_to(next);
	}
	row.end = at_;
	return !row.words.empty();
}

} // namespace nfup::intent
