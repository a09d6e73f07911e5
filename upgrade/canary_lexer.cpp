// SPDX-License-Identifier: BSD-2-Clause
#include "canary_lexer.h"

#include <cctype>
#include <utility>

#include "upgrade/packet_fields.h"

namespace nfup::upgrade {

namespace {

bool is_word(char c)
{
	return std::isalnum(static_cast<unsigned char>(c)) ||
	       (c && std::string_view("_.-@+").find(c) != std::string_view::npos);
}

} // namespace

std::string describe(const CanaryToken& token)
{
	switch (token.kind) {
	case CanaryToken::Kind::end:
		return "the end of the file";
	case CanaryToken::Kind::text:
		return "\"" + token.text + "\"";
	default:
		return "'" + token.text + "'";
	}
}

CanaryLexer::CanaryLexer(std::string_view source, std::string file, intent::Diagnostics& diagnostics)
    : source_(source), file_(std::move(file)), diagnostics_(diagnostics)
{
	token_ = scan();
}

intent::Location CanaryLexer::here() const
{
	return {file_, line_, static_cast<int>(at_ - line_start_) + 1};
}

void CanaryLexer::skip_blank()
{
	for (; at_ < source_.size(); at_++) {
		if (at() == '#') {
			while (at_ < source_.size() && at() != '\n')
				at_++;
		}
		if (at_ < source_.size() && !std::isspace(static_cast<unsigned char>(at())))
			return;
		if (at() == '\n') {
			line_++;
			line_start_ = at_ + 1;
		}
	}
	at_ = source_.size(); // the comment may have been the last
}

CanaryToken CanaryLexer::scan()
{
	skip_blank();
	CanaryToken token{CanaryToken::Kind::end, "", here(), at_, at_};
	if (at_ >= source_.size())
		return token;
	if (at() == '"') {
		token.kind = CanaryToken::Kind::text;
		for (at_++; at() != '"'; at_++) {
			if (at_ >= source_.size() || at() == '\n') {
				diagnostics_.error(token.where, "a text without its end", "close it with \"");
				token.end = at_;
				return token;
			}
			if (at() != '\\') {
				token.text += at();
				continue;
			}
			at_++;
			if (at() == 'x') {
				const auto byte = packet::read_hex(std::string(source_.substr(at_ + 1, 2)));
				if (!byte || byte->size() != 1) {
					diagnostics_.error(here(), "\\x needs two hex digits");
					continue;
				}
				token.text += static_cast<char>(byte->front());
				at_ += 2;
			} else {
				token.text += at() == 'n' ? '\n' : at() == 'r' ? '\r' : at() == 't' ? '\t' : at();
			}
		}
		at_++;
	} else if (is_word(at())) {
		token.kind = CanaryToken::Kind::word;
		while (is_word(at()))
			token.text += source_[at_++];
	} else {
		token.kind = CanaryToken::Kind::mark;
		token.text = source_.substr(at_, at() == '=' && at(1) == '>' ? 2 : 1);
		at_ += token.text.size();
	}
	token.end = at_;
	return token;
}

CanaryToken CanaryLexer::next()
{
	CanaryToken taken = std::exchange(token_, {});
	last_end_ = taken.end;
	token_ = scan();
	return taken;
}

bool CanaryLexer::take(const char* mark)
{
	const bool there = token_.is(mark);
	if (there)
		next();
	return there;
}

bool CanaryLexer::take_word(const char* word)
{
	const bool there = token_.is_word(word);
	if (there)
		next();
	return there;
}

CanaryToken CanaryLexer::value()
{
	// Nothing behind the mark has been scanned yet.
	while (at() == ' ' || at() == '\t')
		at_++;
	CanaryToken token{CanaryToken::Kind::word, "", here(), at_, at_};
	while (at_ < source_.size() && std::string_view(",)\n#").find(at()) == std::string_view::npos)
		token.text += source_[at_++];
	while (!token.text.empty() && std::isspace(static_cast<unsigned char>(token.text.back())))
		token.text.pop_back();
	token.end = last_end_ = at_;
	token_ = scan();
	return token;
}

std::string CanaryLexer::slice(std::size_t begin, std::size_t end) const
{
	std::string text;
	for (const char c : source_.substr(begin, end - begin))
		if (!std::isspace(static_cast<unsigned char>(c)))
			text += c;
		else if (!text.empty() && text.back() != ' ')
			text += ' ';
	return text;
}

} // namespace nfup::upgrade
