// SPDX-License-Identifier: BSD-2-Clause
#include "sent_entries.h"

#include <cstring>

#include "intent/hash.h"

namespace nfup::upgrade {

bool SentEntries::is_at(std::size_t number, const std::uint8_t* key) const
{
	return std::memcmp(keys_.data() + number * key_size_, key, key_size_) == 0;
}

std::size_t SentEntries::find(const std::uint8_t* key) const
{
	std::size_t at = hash64({key, key_size_}) & (index_.size() - 1);
	while (index_[at] && !is_at(index_[at] - 1, key))
		at = (at + 1) & (index_.size() - 1);
	return at;
}

void SentEntries::grow()
{
	index_.assign(2 * index_.size(), 0);
	for (std::uint32_t i = 0; i < sent_.size(); i++)
		index_[find(keys_.data() + i * key_size_)] = i + 1;
}

bool SentEntries::meet(const std::uint8_t* key, const std::uint8_t* value, std::size_t value_size)
{
	const std::uint64_t content = hash64({value, value_size});
	if (next_ >= sent_.size() || !is_at(next_, key)) {
		if (2 * (sent_.size() + 1) > index_.size())
			grow();
		std::uint32_t& place = index_[find(key)];
		if (!place) {
			keys_.insert(keys_.end(), key, key + key_size_);
			sent_.push_back({0, 0});
			place = static_cast<std::uint32_t>(sent_.size());
		}
		next_ = place - 1;
	}
	Sent& sent = sent_[next_++];
	const bool there = sent.round != 0, same = there && sent.value == content;
	there_ += !there;
	sent = {content, round_};
	return !same;
}

Result<void> SentEntries::end_round(const std::function<Result<void>(const std::uint8_t* key)>& gone)
{
	for (std::size_t i = 0; i < sent_.size(); i++) {
		if (sent_[i].round == 0 || sent_[i].round == round_)
			continue;
		sent_[i].round = 0;
		there_--;
		if (auto told = gone(keys_.data() + i * key_size_); !told)
			return told;
	}
	return {};
}

} // namespace nfup::upgrade
