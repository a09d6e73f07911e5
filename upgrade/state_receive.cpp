// SPDX-License-Identifier: BSD-2-Clause
#include "state_receive.h"

#include <linux/bpf.h>
#include <optional>
#include <sys/signalfd.h>
#include <utility>

#include "clock.h"
#include "session.h"
#include "signals.h"
#include "state_stream.h"
#include "state_target.h"
#include "statemaps/queue.h"

namespace nfup::upgrade {

namespace {

using statemaps::Bytes;
using statemaps::Table;

constexpr std::chrono::seconds stranger_patience{5};

Result<bool> is_empty(const Table& table)
{
	bool empty = true;
	auto walked = statemaps::walk(table, [&](const std::uint8_t*, const std::uint8_t* value) -> Result<bool> {
		empty = table.is_array() && all_zero(value, table.value_bytes());
		return empty;
	});
	if (!walked)
		return pass(walked);
	return empty;
}

Result<void> remove_entry(const Table& table, const std::uint8_t* key)
{
	if (!table.is_array()) {
		auto removed = table.remove(key);
		return removed ? Result<void>{} : pass(removed);
	}
	const Bytes zero(table.value_bytes());
	auto written = table.update(key, zero.data(), BPF_ANY);
	return written ? Result<void>{} : pass(written);
}

// The keys first: to delete while walking may skip some.
Result<void> clear(const Table& table)
{
	Bytes keys;
	auto walked = statemaps::walk(table, [&](const std::uint8_t* key, const std::uint8_t*) -> Result<bool> {
		keys.insert(keys.end(), key, key + table.schema.key_size);
		return true;
	});
	if (!walked)
		return walked;
	for (std::size_t at = 0; at < keys.size(); at += table.schema.key_size)
		if (auto removed = remove_entry(table, keys.data() + at); !removed)
			return removed;
	return {};
}

// One state of the sender's, and where it goes.
struct Target {
	const State* state;
	Rebase rebase;
};

class Receiving : public Intake {
public:
	Receiving(const Folders& folders, const std::string& nf) : folders_(folders), nf_(nf) {}

	Result<void> begin(const SavedStates& header) override;
	Result<void> put(std::size_t state, const std::uint8_t* key, const std::uint8_t* value) override;
	Result<void> remove(std::size_t state, const std::uint8_t* key) override;
	void round() override { report_.rounds++; }
	void freeze() override { frozen_ = Clock::now(); }
	Result<void> commit() override;
	Result<void> abort() override;

	// After the commit.
	Result<ReceiveReport> report(const Connection& connection);

private:
	Result<void> open(const SavedStates& header);

	const Folders& folders_;
	const std::string& nf_;
	std::optional<Session> session_;
	std::vector<State> states_;
	SavedStates header_;
	std::vector<Target> targets_; // by the header's index
	Bytes value_;
	Clock::time_point start_ = Clock::now();
	std::optional<Clock::time_point> frozen_;
	ReceiveReport report_;
};

Result<void> Receiving::open(const SavedStates& header)
{
	auto states = open_states(session_->store);
	if (!states)
		return pass(states);
	states_ = std::move(*states);
	header_ = header;
	auto now = statemaps::read_moment();
	if (!now)
		return pass(now);
	// The wall clocks of two machines need not agree: it left there when it came here.
	header_.realtime_ns = clock_ns(CLOCK_REALTIME);
	const std::uint64_t shift = time_shift(header_, now->ns, header_.realtime_ns);
	for (const SavedState& saved : header_.states) {
		auto state = find_target(saved, states_, "the sender");
		if (!state)
			return pass(state);
		if (auto same = check_schema(saved, (*state)->table, "sent"); !same)
			return same;
		auto empty = is_empty((*state)->table);
		if (!empty)
			return pass(empty);
		if (!*empty)
			return fail(
			    ErrorKind::refused, "the state " + saved.atom + " of '" + nf_ + "' has entries already",
			    "let no traffic reach it yet, and nfup state del " + nf_ + " " + saved.atom + " --all");
		targets_.push_back({*state, Rebase(saved, shift, *now)});
		report_.states.push_back({saved.atom});
	}
	return {};
}

Result<void> Receiving::begin(const SavedStates& header)
{
	start_ = Clock::now();
	auto session = upgrade::begin(folders_, nf_);
	if (!session)
		return pass(session);
	session_ = std::move(*session);
	report_.mended = session_->mended;
	if (auto opened = open(header); !opened)
		return opened;
	std::vector<std::string> atoms;
	for (const SavedState& saved : header_.states)
		atoms.push_back(saved.atom);
	Journal journal{.operation = "receive", .step = "receive"};
	journal.history = {{"atoms", atoms}};
	return session_->store.write_journal(journal);
}

Result<void> Receiving::put(std::size_t index, const std::uint8_t* key, const std::uint8_t* value)
{
	const Target& target = targets_[index];
	const Table& table = target.state->table;
	value_.assign(value, value + table.value_bytes());
	target.rebase.apply(value_.data());
	auto written = table.update(key, value_.data(), table.is_array() ? BPF_ANY : BPF_NOEXIST);
	if (written && *written == Table::Write::exists) // sent before, and changed since
		written = table.update(key, value_.data(), BPF_ANY);
	else if (written && *written == Table::Write::done && target.state->queue)
		if (auto pushed = statemaps::push_key(target.state->queue->get(), key); !pushed)
			return pushed;
	if (!written)
		return pass(written);
	if (*written == Table::Write::full)
		return fail(ErrorKind::refused,
			    "the state " + table.atom + " of '" + nf_ + "' has no room for all entries: it takes " +
				std::to_string(table.schema.max_entries),
			    "give it the capacity that the sender's has");
	return {};
}

Result<void> Receiving::remove(std::size_t index, const std::uint8_t* key)
{
	return remove_entry(targets_[index].state->table, key);
}

Result<void> Receiving::commit()
{
	report_.rounds++; // the frozen one
	if (auto cleared = session_->store.clear_journal(); !cleared)
		return cleared;
	if (frozen_)
		report_.freeze_ms = ms_since(*frozen_);
	report_.seconds = ms_since(start_) / 1000;
	return {};
}

Result<void> Receiving::abort()
{
	for (const Target& target : targets_)
		if (auto cleared = clear(target.state->table); !cleared)
			return cleared;
	return session_->store.clear_journal();
}

Result<ReceiveReport> Receiving::report(const Connection& connection)
{
	for (std::size_t i = 0; i < targets_.size(); i++) {
		const Table& table = targets_[i].state->table;
		SavedCount& count = report_.states[i];
		auto walked =
		    statemaps::walk(table, [&](const std::uint8_t*, const std::uint8_t* value) -> Result<bool> {
			    count.entries += !table.is_array() || !all_zero(value, table.value_bytes());
			    return true;
		    });
		if (!walked)
			return pass(walked);
		report_.entries += count.entries;
	}
	report_.peer = connection.peer();
	report_.bytes = connection.received();
	return std::move(report_);
}

} // namespace

Result<ReceiveReport> receive_states(const Folders& folders, const std::string& nf, const Address& on,
				     const ReceiveSteps& steps)
{
	const Signals signals;
	const Fd interrupt(signalfd(-1, &signals.held(), SFD_CLOEXEC));
	std::string mended;
	{ // What is wrong by now need not wait for a sender.
		auto session = begin(folders, nf);
		if (!session)
			return pass(session);
		if (auto states = open_states(session->store); !states)
			return pass(states);
		mended = session->mended;
	}
	auto listener = Listener::open(on, interrupt.get());
	if (!listener)
		return pass(listener);
	steps.listening(listener->address());
	for (;;) {
		auto connection = listener->accept();
		if (!connection)
			return pass(connection);
		const auto patience = std::exchange(connection->patience, stranger_patience);
		MessageStream stream(*connection);
		auto met = stream.meet(StreamEnd::sender);
		if (met)
			met = stream.begin(StreamEnd::receiver);
		if (!met && met.error().kind == ErrorKind::refused) // interrupted
			return pass(met);
		if (!met) {
			steps.turned_away(met.error());
			continue;
		}
		connection->patience = patience;
		steps.met(connection->peer());
		Receiving receiving(folders, nf);
		if (auto received = receive_stream(stream, receiving); !received)
			return pass(received);
		auto report = receiving.report(*connection);
		if (report && report->mended.empty())
			report->mended = mended;
		return report;
	}
}

Result<std::string> end_dead_receive(const Store& store, const Journal& journal)
{
	auto states = open_states(store, journal.history.value("atoms", std::vector<std::string>()), true);
	if (!states)
		return pass(states);
	for (const State& state : *states)
		if (auto cleared = clear(state.table); !cleared)
			return pass(cleared);
	if (auto cleared = store.clear_journal(); !cleared)
		return pass(cleared);
	return "undone, what had come is deleted";
}

} // namespace nfup::upgrade
