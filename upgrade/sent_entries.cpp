// SPDX-License-Identifier: BSD-2-Clause
#include "sent_entries.h"

#include <cstring>

#include "intent/hash.h"

namespace nfup::upgrade {

std::size_t SentEntries::find(const std::uint8_t* key, std::uint64_t hash) const
{
	std::size_t at = hash & (index_.size() - 1);
	while (index_[at] && std::memcmp(keys_.data() + (index_[at] - 1) * key_size_, key, key_size_) != 0)
		at = (at + 1) & (index_.size() - 1);
	return at;
}

void SentEntries::grow()
{
	index_.assign(2 * index_.size(), 0);
	for (std::uint32_t i = 0; i < sent_.size(); i++) {
		const std::uint8_t* key = keys_.data() + i * key_size_;
		index_[find(key, hash64({key, key_size_}))] = i + 1;
	}
}

bool SentEntries::meet(const std::uint8_t* key, const std::uint8_t* value, std::size_t value_size)
{
	const std::uint64_t hash = hash64({key, key_size_}), content = hash64({value, value_size});
	std::size_t at = find(key, hash);
	if (!index_[at]) {
		if (2 * (sent_.size() + 1) > index_.size()) {
			grow();
			at = find(key, hash);
		}
		keys_.insert(keys_.end(), key, key + key_size_);
		sent_.push_back({content, round_});
		index_[at] = static_cast<std::uint32_t>(sent_.size());
		there_++;
		return true;
	}
	Sent& sent = sent_[index_[at] - 1];
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
