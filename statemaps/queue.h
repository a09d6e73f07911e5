// SPDX-License-Identifier: BSD-2-Clause
// The queue beside a state whose entries age (bpf/ageing.h): a map of its own, which
// belongs to the state. Each entry has its key in it once; an entry without one never
// ends by itself. So whoever makes an entry pushes its key; what deletes one leaves it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "intent/result.h"
#include "table.h"

namespace nfup::statemaps {

// Of map, record and pin: "WL" → "WL_QUEUE".
std::string queue_of(const std::string& atom);
bool is_queue(const std::string& name);
// "WL_QUEUE" → "WL"
std::string state_of(const std::string& queue);

// For an entry that was made, not changed; after it was written.
// Error (kind refused): the queue is full.
Result<void> push_key(int queue_fd, const std::uint8_t* key);

// For a table whose entries had no queue before: a key for each entry.
Result<void> push_keys(int queue_fd, const Table& table);

// From a queue that nobody else pops from any more to one that has room for the keys
// that `lives` says have an entry; the others are dropped. A key is in both for a moment,
// never in none. Returns how many were taken; `more` is asked now and then.
Result<std::uint64_t> move_keys(int from_fd, int to_fd, std::uint32_t key_size,
				const std::function<Result<bool>(const std::uint8_t* key)>& lives,
				const std::function<bool()>& more);

} // namespace nfup::statemaps
