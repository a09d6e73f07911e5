// SPDX-License-Identifier: BSD-2-Clause
#include "state_stream.h"

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

namespace nfup::upgrade {
using nlohmann::json;

namespace {

constexpr std::uint32_t version = 1;
constexpr std::size_t magic_bytes = 16, sum_digits = 32;
constexpr std::size_t block_bytes = 1u << 18;
// An entry larger than this cannot be sent.
constexpr std::uint32_t most_body = most_header;

static_assert(std::endian::native == std::endian::little);

const char* magic_of(StreamEnd end)
{
	return end == StreamEnd::sender ? "nfup state send\n" : "nfup state recv\n";
}

std::string bytes_of(std::uint32_t number)
{
	return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::uint32_t number_at(const char* bytes)
{
	std::uint32_t number;
	std::memcpy(&number, bytes, sizeof number);
	return number;
}

std::string_view view(const std::uint8_t* bytes, std::size_t size)
{
	return {reinterpret_cast<const char*>(bytes), size};
}

std::unexpected<Error> damaged(const Connection& connection, const std::string& what)
{
	return fail(ErrorKind::intent, "what " + connection.peer() + " sends is damaged: " + what,
		    "nothing was changed; send again");
}

std::string error_text(const Error& error)
{
	return json{{"code", static_cast<int>(error.kind)}, {"message", error.message}, {"hint", error.hint}}.dump(
	    -1, ' ', false, json::error_handler_t::replace);
}

// The entries of one message.
Result<void> take(const Message& message, const SavedStates& header, Intake& intake, const Connection& connection)
{
	const std::string& body = message.body;
	const std::uint32_t index = body.size() < 4 ? ~0u : number_at(body.data());
	if (index >= header.states.size())
		return damaged(connection, "entries of no state");
	const SavedState& state = header.states[index];
	const std::size_t each = state.key_size() + (message.kind == Kind::put ? state.value_size() : 0);
	if ((body.size() - 4) % each != 0)
		return damaged(connection, "half an entry");
	const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
	for (std::size_t at = 4; at < body.size(); at += each) {
		auto taken = message.kind == Kind::put ? intake.put(index, bytes + at, bytes + at + state.key_size())
						       : intake.remove(index, bytes + at);
		if (!taken)
			return taken;
	}
	return {};
}

// From the header's answer to the commit.
Result<void> take_all(MessageStream& stream, const SavedStates& header, Intake& intake)
{
	for (;;) {
		auto message = stream.read();
		if (!message)
			return pass(message);
		Result<void> done;
		switch (message->kind) {
		case Kind::put:
		case Kind::remove:
			done = take(*message, header, intake, stream.connection());
			break;
		case Kind::round:
			intake.round();
			done = stream.write(Kind::ok, {});
			break;
		case Kind::freeze:
			intake.freeze();
			break;
		case Kind::done:
			stream.connection().interrupt = -1; // the sender shall hear of it
			return intake.commit();
		case Kind::header:
		case Kind::ok:
		case Kind::error:
			return damaged(stream.connection(), "a message out of place");
		}
		if (!done)
			return done;
	}
}

} // namespace

Result<void> MessageStream::begin(StreamEnd self)
{
	const std::string preface = magic_of(self) + bytes_of(version);
	written_.add(preface);
	return connection_.send(preface);
}

Result<void> MessageStream::receive(char* to, std::size_t bytes)
{
	return connection_.receive(to, bytes);
}

Result<void> MessageStream::meet(StreamEnd other)
{
	char preface[magic_bytes + sizeof version];
	if (auto got = receive(preface, magic_bytes); !got)
		return got;
	if (std::memcmp(preface, magic_of(other), magic_bytes) != 0)
		return fail(ErrorKind::intent, connection_.peer() + " is no `nfup state " +
						   (other == StreamEnd::sender ? "send`" : "receive`"));
	if (auto got = receive(preface + magic_bytes, sizeof version); !got)
		return got;
	if (const std::uint32_t theirs = number_at(preface + magic_bytes); theirs != version)
		return fail(ErrorKind::intent,
			    connection_.peer() + " speaks version " + std::to_string(theirs) + ", and this nfup " +
				std::to_string(version),
			    "use the same nfup on both machines");
	read_.add(std::string_view(preface, sizeof preface));
	return {};
}

Result<void> MessageStream::write(Kind kind, std::string_view body)
{
	std::string message = bytes_of(static_cast<std::uint32_t>(kind));
	message += bytes_of(static_cast<std::uint32_t>(body.size()));
	message += body;
	written_.add(message);
	message += written_.hex();
	return connection_.send(message);
}

Result<Message> MessageStream::read()
{
	std::string bytes(8, '\0');
	if (auto got = receive(bytes.data(), bytes.size()); !got)
		return pass(got);
	const std::uint32_t kind = number_at(bytes.data()), length = number_at(bytes.data() + 4);
	if (kind < static_cast<std::uint32_t>(Kind::header) || kind > static_cast<std::uint32_t>(Kind::error) ||
	    length > most_body)
		return damaged(connection_, "a message of kind " + std::to_string(kind) + " with " +
						std::to_string(length) + " bytes");
	bytes.resize(8 + length);
	if (auto got = receive(bytes.data() + 8, length); !got)
		return pass(got);
	read_.add(bytes);
	char sum[sum_digits];
	if (auto got = receive(sum, sizeof sum); !got)
		return pass(got);
	if (std::string_view(sum, sizeof sum) != read_.hex())
		return damaged(connection_, "its checksum is wrong");
	bytes.erase(0, 8);
	return Message{static_cast<Kind>(kind), std::move(bytes)};
}

Result<void> StateSender::begin()
{
	for (const SavedState& state : header_.states)
		if (state.key_size() + state.value_size() > most_body - 4)
			return fail(ErrorKind::refused, "the entries of the state " + state.atom + " are too large",
				    "at most " + std::to_string(most_body - 4) + " bytes can be sent");
	if (auto begun = stream_.begin(StreamEnd::sender); !begun)
		return begun;
	if (auto met = stream_.meet(StreamEnd::receiver); !met)
		return met;
	if (auto written = stream_.write(Kind::header, to_text(header_)); !written)
		return written;
	return agreed();
}

std::unexpected<Error> StateSender::refused(const Message& message) const
{
	const std::string& peer = stream_.connection().peer();
	const json error = json::parse(message.body, nullptr, false);
	const auto text = [&](const char* name) {
		return error.contains(name) && error[name].is_string() ? error[name].get<std::string>() : "";
	};
	if (message.kind != Kind::error || !error.is_object())
		return damaged(stream_.connection(), "no answer");
	const std::string hint = text("hint");
	return fail(ErrorKind::refused, peer + " refuses: " + text("message"), hint.empty() ? "" : "there: " + hint);
}

Result<void> StateSender::agreed()
{
	auto answer = stream_.read();
	if (!answer)
		return pass(answer);
	return answer->kind == Kind::ok ? Result<void>{} : refused(*answer);
}

Result<void> StateSender::flush()
{
	if (block_.empty())
		return {};
	// Unasked for it says something only when it gives up.
	if (stream_.connection().readable()) {
		auto early = stream_.read();
		return early ? refused(*early) : pass(early);
	}
	auto written = stream_.write(kind_, block_);
	block_.clear();
	return written;
}

Result<void> StateSender::add(Kind kind, std::size_t state, std::string_view bytes, std::string_view more)
{
	const bool full = block_.size() + bytes.size() + more.size() > block_bytes;
	if (full || kind != kind_ || state != state_)
		if (auto flushed = flush(); !flushed)
			return flushed;
	kind_ = kind;
	state_ = state;
	if (block_.empty())
		block_ = bytes_of(static_cast<std::uint32_t>(state));
	block_ += bytes;
	block_ += more;
	return {};
}

Result<void> StateSender::put(std::size_t state, const std::uint8_t* key, const std::uint8_t* value)
{
	const SavedState& saved = header_.states.at(state);
	return add(Kind::put, state, view(key, saved.key_size()), view(value, saved.value_size()));
}

Result<void> StateSender::remove(std::size_t state, const std::uint8_t* key)
{
	return add(Kind::remove, state, view(key, header_.states.at(state).key_size()), {});
}

Result<void> StateSender::end(Kind what)
{
	if (auto flushed = flush(); !flushed)
		return flushed;
	if (what == Kind::done)
		stream_.connection().interrupt = -1; // or nobody knows whether the receiver has all
	if (auto written = stream_.write(what, {}); !written)
		return written;
	return agreed();
}

Result<void> StateSender::freeze()
{
	return stream_.write(Kind::freeze, {});
}

Result<void> receive_stream(MessageStream& stream, Intake& intake)
{
	bool begun = false;
	const auto run = [&]() -> Result<void> {
		auto first = stream.read();
		if (!first)
			return pass(first);
		if (first->kind != Kind::header)
			return damaged(stream.connection(), "it begins without a header");
		auto header = parse_saved_states(first->body);
		if (!header)
			return damaged(stream.connection(), header.error().message);
		if (auto accepted = intake.begin(*header); !accepted)
			return accepted;
		begun = true;
		if (auto written = stream.write(Kind::ok, {}); !written)
			return written;
		return take_all(stream, *header, intake);
	};
	auto done = run();
	if (done) {
		(void)stream.write(Kind::ok, {}); // all is there, whether or not the sender learns it
		return done;
	}
	if (begun)
		if (auto aborted = intake.abort(); !aborted)
			done.error().message += "\nand undoing failed: " + aborted.error().message;
	if (stream.write(Kind::error, error_text(done.error())))
		stream.connection().end_politely();
	return done;
}

} // namespace nfup::upgrade
