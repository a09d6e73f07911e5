// SPDX-License-Identifier: BSD-2-Clause
// States between two machines: what is sent is what arrives; whatever is cut off or
// changed on the way is refused, and nothing of it stays.
#include "upgrade/state_stream.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <map>
#include <sys/socket.h>
#include <thread>

namespace nfup::upgrade {
namespace {

using Entries = std::map<std::string, std::string>;

SavedStates header()
{
	SavedStates header{"fw", "2026-01-02T03:04:05Z", 1'700'000'000'000'000'000u, 12345, {}};
	header.states.push_back({"WL", {BPF_MAP_TYPE_HASH, 4, 8, 100, 0, {{"key.port", "u32", 0}}}, 0, {}, 0});
	header.states.push_back({"CPU", {BPF_MAP_TYPE_PERCPU_HASH, 2, 4, 10, 0, {}}, 3, {}, 0});
	return header;
}

const std::uint8_t* bytes(const std::string& text)
{
	return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string text(const std::uint8_t* bytes, std::size_t size)
{
	return {reinterpret_cast<const char*>(bytes), size};
}

// Keeps what comes, by state.
class Kept : public Intake {
public:
	Result<void> begin(const SavedStates& header) override
	{
		header_ = header;
		entries.resize(header.states.size());
		begun = true;
		return {};
	}
	Result<void> put(std::size_t state, const std::uint8_t* key, const std::uint8_t* value) override
	{
		if (refuse_after && ++puts > refuse_after)
			return fail(ErrorKind::refused, "it is full", "empty it");
		entries[state][text(key, header_.states[state].key_size())] =
		    text(value, header_.states[state].value_size());
		return {};
	}
	Result<void> remove(std::size_t state, const std::uint8_t* key) override
	{
		entries[state].erase(text(key, header_.states[state].key_size()));
		return {};
	}
	void round() override { rounds++; }
	void freeze() override { frozen = true; }
	Result<void> commit() override
	{
		committed = true;
		return {};
	}
	Result<void> abort() override
	{
		entries.clear();
		aborted = true;
		return {};
	}

	std::vector<Entries> entries;
	bool begun = false, frozen = false, committed = false, aborted = false;
	int rounds = 0, puts = 0, refuse_after = 0;

private:
	SavedStates header_;
};

struct Pair {
	Pair()
	{
		int fds[2];
		EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		a.emplace(Fd(fds[0]), "a");
		b.emplace(Fd(fds[1]), "b");
		raw = fds[0];
	}
	std::optional<Connection> a, b;
	int raw; // a's
};

Result<void> receive(Connection& connection, Intake& intake)
{
	MessageStream stream(connection);
	if (auto met = stream.meet(StreamEnd::sender); !met)
		return met;
	if (auto begun = stream.begin(StreamEnd::receiver); !begun)
		return begun;
	return receive_stream(stream, intake);
}

// A small exchange: what the sender would write.
std::string recording()
{
	Pair pair;
	MessageStream stream(*pair.a);
	const std::string first("\0\0\0\0", 4), second("\1\0\0\0", 4);
	EXPECT_TRUE(stream.begin(StreamEnd::sender));
	EXPECT_TRUE(stream.write(Kind::header, to_text(header())));
	EXPECT_TRUE(stream.write(Kind::put, first + "aaaa11111111" + "bbbb22222222"));
	EXPECT_TRUE(stream.write(Kind::put, second + "kk" + std::string(24, 'x')));
	EXPECT_TRUE(stream.write(Kind::round, ""));
	EXPECT_TRUE(stream.write(Kind::freeze, ""));
	EXPECT_TRUE(stream.write(Kind::put, first + "bbbb33333333"));
	EXPECT_TRUE(stream.write(Kind::remove, first + "aaaa"));
	EXPECT_TRUE(stream.write(Kind::done, ""));
	std::string all(pair.a->sent(), '\0');
	EXPECT_TRUE(pair.b->receive(all.data(), all.size()));
	return all;
}

Result<void> replay(const std::string& recorded, Intake& intake)
{
	Pair pair;
	EXPECT_TRUE(pair.a->send(recorded));
	EXPECT_EQ(shutdown(pair.raw, SHUT_WR), 0);
	return receive(*pair.b, intake);
}

void expect_refused(const std::string& recorded, const std::string& what)
{
	Kept kept;
	EXPECT_FALSE(replay(recorded, kept)) << what;
	EXPECT_FALSE(kept.committed) << what;
	EXPECT_EQ(kept.aborted, kept.begun) << what;
}

TEST(StateStream, ARecordedExchangeIsTaken)
{
	Kept kept;
	auto done = replay(recording(), kept);
	ASSERT_TRUE(done) << done.error().message;
	EXPECT_TRUE(kept.committed && kept.frozen && !kept.aborted);
	EXPECT_EQ(kept.rounds, 1);
	EXPECT_EQ(kept.entries[0], (Entries{{"bbbb", "33333333"}}));
	EXPECT_EQ(kept.entries[1], (Entries{{"kk", std::string(24, 'x')}}));
}

TEST(StateStream, EveryTruncationIsRefused)
{
	const std::string whole = recording();
	for (std::size_t length = 0; length < whole.size(); length++)
		expect_refused(whole.substr(0, length), std::to_string(length));
}

TEST(StateStream, EveryChangedByteIsRefused)
{
	const std::string whole = recording();
	for (std::size_t at = 0; at < whole.size(); at++)
		for (const int change : {1, 0x80, 0xff}) {
			std::string bad = whole;
			bad[at] = static_cast<char>(bad[at] ^ change);
			expect_refused(bad, std::to_string(at) + " ^ " + std::to_string(change));
		}
}

// Right checksums, wrong contents: from a sender with a bug.
TEST(StateStream, WhatMakesNoSenseIsRefused)
{
	const std::string index("\0\0\0\0", 4), none("\2\0\0\0", 4), head = to_text(header());
	SavedStates narrow = header(), outside = header(); // times that would be written beyond the value
	narrow.states[0].fields.push_back({"value.last_seen", statemaps::Meaning::time, false, 7, 1});
	outside.states[0].fields.push_back({"value.last_seen", statemaps::Meaning::time, false, 4, 8});
	const std::vector<std::vector<std::pair<Kind, std::string>>> cases = {
	    {{Kind::header, to_text(narrow)}, {Kind::put, index + "aaaa11111111"}, {Kind::done, ""}},
	    {{Kind::header, to_text(outside)}, {Kind::put, index + "aaaa11111111"}, {Kind::done, ""}},
	    {{Kind::put, index + "aaaa11111111"}, {Kind::done, ""}},
	    {{Kind::header, "{}"}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::header, head}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::put, none + "aaaa11111111"}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::put, "x"}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::put, index + "aaaa1111111"}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::remove, index + "aaa"}, {Kind::done, ""}},
	    {{Kind::header, head}, {Kind::ok, ""}, {Kind::done, ""}},
	};
	for (const auto& messages : cases) {
		Pair pair;
		MessageStream stream(*pair.a);
		ASSERT_TRUE(stream.begin(StreamEnd::sender));
		for (const auto& [kind, body] : messages)
			ASSERT_TRUE(stream.write(kind, body));
		std::string all(pair.a->sent(), '\0');
		ASSERT_TRUE(pair.b->receive(all.data(), all.size()));
		expect_refused(all, std::to_string(&messages - cases.data()));
	}
}

TEST(StateStream, WhatIsSentIsWhatArrives)
{
	Pair pair;
	Kept kept;
	Result<void> received;
	std::thread receiver([&] { received = receive(*pair.b, kept); });
	MessageStream stream(*pair.a);
	const SavedStates states = header();
	StateSender sender(stream, states);
	EXPECT_TRUE(sender.begin());
	Entries many;
	for (std::uint32_t i = 0; i < 100'000; i++) { // some blocks
		const std::string key(reinterpret_cast<const char*>(&i), sizeof i), value = key + key;
		many[key] = value;
		EXPECT_TRUE(sender.put(0, bytes(key), bytes(value)));
	}
	EXPECT_TRUE(sender.end_round());
	const std::string wide(24, 'x');
	EXPECT_TRUE(sender.put(1, bytes("kk"), bytes(wide)));
	EXPECT_TRUE(sender.remove(0, bytes(many.begin()->first)));
	EXPECT_TRUE(sender.put(0, bytes(std::next(many.begin())->first), bytes("changed!")));
	EXPECT_TRUE(sender.end_round());
	EXPECT_TRUE(sender.freeze());
	EXPECT_TRUE(sender.finish());
	receiver.join();
	ASSERT_TRUE(received) << received.error().message;
	std::next(many.begin())->second = "changed!";
	many.erase(many.begin());
	EXPECT_EQ(kept.entries[0], many);
	EXPECT_EQ(kept.entries[1], (Entries{{"kk", wide}}));
	EXPECT_EQ(kept.rounds, 2);
	EXPECT_EQ(pair.a->sent(), pair.b->received());
}

TEST(StateStream, TheSenderHearsWhyItIsRefused)
{
	Pair pair;
	Kept kept;
	kept.refuse_after = 10;
	std::thread receiver([&] { EXPECT_FALSE(receive(*pair.b, kept)); });
	MessageStream stream(*pair.a);
	const SavedStates states = header();
	StateSender sender(stream, states);
	Result<void> done = sender.begin();
	for (std::uint32_t i = 0; done && i < 1'000'000; i++)
		done = sender.put(0, reinterpret_cast<const std::uint8_t*>(&i), bytes("12345678"));
	pair.a.reset(); // or the receiver waits for the rest
	receiver.join();
	ASSERT_FALSE(done);
	EXPECT_EQ(done.error().kind, ErrorKind::refused);
	EXPECT_EQ(done.error().message, "a refuses: it is full");
	EXPECT_EQ(done.error().hint, "there: empty it");
	EXPECT_TRUE(kept.aborted && !kept.committed);
}

TEST(StateStream, TheSenderTakesNoDamagedAnswer)
{
	std::string answers;
	{
		Pair pair;
		MessageStream stream(*pair.b);
		ASSERT_TRUE(stream.begin(StreamEnd::receiver));
		ASSERT_TRUE(stream.write(Kind::ok, ""));
		answers.resize(pair.b->sent());
		ASSERT_TRUE(pair.a->receive(answers.data(), answers.size()));
	}
	const SavedStates states = header();
	for (std::size_t at = 0; at <= answers.size(); at++) {
		Pair pair;
		std::string bad = answers;
		if (at < bad.size())
			bad[at] = static_cast<char>(bad[at] ^ 1);
		ASSERT_TRUE(pair.b->send(bad));
		pair.b->patience = {};
		MessageStream stream(*pair.a);
		pair.a->patience = std::chrono::milliseconds(1);
		EXPECT_EQ(bool(StateSender(stream, states).begin()), at == answers.size()) << at;
	}
}

TEST(Address, Forms)
{
	const auto parsed = [](const std::string& text, const std::string& host = {}) {
		auto address = Address::parse(text, host);
		return address ? address->host + " " + address->port : "";
	};
	EXPECT_EQ(parsed("10.0.0.1:7000"), "10.0.0.1 7000");
	EXPECT_EQ(parsed("router.example:7000"), "router.example 7000");
	EXPECT_EQ(parsed("[::1]:7000"), "::1 7000");
	EXPECT_EQ(parsed("7000", "127.0.0.1"), "127.0.0.1 7000");
	EXPECT_EQ(parsed("[::]:0", "127.0.0.1"), ":: 0");
	for (const char* bad :
	     {"", ":", "7000", "::1:7000", "host:", ":7000", "host:70000", "host:-1", "host:port", "[]:1"})
		EXPECT_EQ(parsed(bad), "") << bad;
	EXPECT_EQ(Address::parse("[::1]:7000")->text(), "[::1]:7000");
}

} // namespace
} // namespace nfup::upgrade
