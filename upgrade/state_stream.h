// SPDX-License-Identifier: BSD-2-Clause
// An NF's states on their way to another machine, over one connection. Each end begins with
//
//	"nfup state send\n" or "nfup state recv\n"   16 bytes
//	u32 version (1)
//
// and goes on with messages:
//
//	u32 kind, u32 length, length bytes
//	32 hex digits                               XXH3-128 of all that this end has sent
//
// Integers are little-endian, entries as the kernel has them. The sender: `header`
// (saved_states.h), then for entries `put` (u32 state, then keys with values) and `remove`
// (u32 state, then keys), at the end of a round `round`, before the last one `freeze`, and
// after it `done`. The receiver answers header, round and done: `ok`, or `error`, which may
// come at any time. Nothing of a message is used before its checksum is right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection.h"
#include "intent/hash.h"
#include "intent/result.h"
#include "saved_states.h"

namespace nfup::upgrade {

enum class StreamEnd { sender, receiver };

enum class Kind : std::uint32_t { header = 1, put, remove, round, freeze, done, ok, error };

struct Message {
	Kind kind{};
	std::string body;
};

class MessageStream {
public:
	explicit MessageStream(Connection& connection) : connection_(connection) {}

	Result<void> begin(StreamEnd self);
	// Error (kind intent): the other end is something else, or of another version.
	Result<void> meet(StreamEnd other);
	Result<void> write(Kind kind, std::string_view body);
	// Error (kind intent): damaged.
	Result<Message> read();

	Connection& connection() { return connection_; }

private:
	Result<void> receive(char* to, std::size_t bytes);

	Connection& connection_;
	Hasher written_, read_;
};

// The sender's end.
class StateSender {
public:
	explicit StateSender(MessageStream& stream, const SavedStates& header) : stream_(stream), header_(header) {}

	// These return when the receiver agrees. Error: what it says is the reason, or the
	// connection is lost.
	Result<void> begin();
	Result<void> end_round() { return end(Kind::round); }
	Result<void> finish() { return end(Kind::done); }

	// Of the state header.states[state].
	Result<void> put(std::size_t state, const std::uint8_t* key, const std::uint8_t* value);
	Result<void> remove(std::size_t state, const std::uint8_t* key);
	Result<void> freeze();

private:
	Result<void> add(Kind kind, std::size_t state, std::string_view bytes, std::string_view more);
	Result<void> flush();
	Result<void> end(Kind what);
	Result<void> agreed();
	std::unexpected<Error> refused(const Message& message) const;

	MessageStream& stream_;
	const SavedStates& header_;
	Kind kind_ = Kind::put; // of what waits in block_
	std::size_t state_ = 0;
	std::string block_;
};

// What the receiver does with what comes.
class Intake {
public:
	virtual ~Intake() = default;
	// Error: it is refused.
	virtual Result<void> begin(const SavedStates& header) = 0;
	virtual Result<void> put(std::size_t state, const std::uint8_t* key, const std::uint8_t* value) = 0;
	virtual Result<void> remove(std::size_t state, const std::uint8_t* key) = 0;
	virtual void round() = 0;
	virtual void freeze() = 0;
	// All has come.
	virtual Result<void> commit() = 0;
	// After begin() succeeded and before commit() did: as before begin().
	virtual Result<void> abort() = 0;
};

// The receiver's end, after meet(). On an error nothing stays, and the sender is told.
Result<void> receive_stream(MessageStream& stream, Intake& intake);

} // namespace nfup::upgrade
