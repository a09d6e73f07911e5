// SPDX-License-Identifier: BSD-2-Clause
#include "state_send.h"

#include <sys/signalfd.h>

#include "bpf/contract.h"
#include "clock.h"
#include "freeze.h"
#include "sent_entries.h"
#include "session.h"
#include "signals.h"
#include "state_stream.h"
#include "state_target.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

// A round with so few changes is the last before the freeze, as is one that has not halved them.
constexpr std::uint64_t few_changes = 1000;
constexpr int most_rounds = 16;
// No packet passes while we wait for the receiver.
constexpr std::chrono::seconds frozen_patience{10};

class Sending {
public:
	Sending(const Running& running, const std::vector<State>& states, const SendOptions& options,
		Connection& connection)
	    : store_(running.session.store), framework_(running.framework),
	      generation_(running.kept.at(running.record.current)), record_(running.record), states_(states),
	      options_(options), connection_(connection), stream_(connection),
	      header_(saved_states(store_.nf(), states)), sender_(stream_, header_)
	{
		for (const State& state : states)
			sent_.emplace_back(state.table.schema.key_size);
	}

	Result<SendReport> run();

private:
	Result<std::uint64_t> round(bool frozen);
	Result<void> copy_until_little_changes();
	Result<void> send_frozen(int frozen_root, Clock::time_point& since);
	Result<void> freeze();
	Result<void> keep_frozen();

	const Store& store_;
	const Framework& framework_;
	const Generation& generation_;
	NfRecord record_;
	const std::vector<State>& states_;
	const SendOptions& options_;
	Connection& connection_;
	MessageStream stream_;
	SavedStates header_;
	StateSender sender_;
	std::vector<SentEntries> sent_; // by state
	SendReport report_;
};

Result<std::uint64_t> Sending::round(bool frozen)
{
	const auto start = Clock::now();
	std::uint64_t changes = 0;
	for (std::size_t i = 0; i < states_.size(); i++) {
		const statemaps::Table& table = states_[i].table;
		const std::size_t value_size = table.value_bytes();
		SentEntries& sent = sent_[i];
		sent.begin_round();
		auto walked =
		    statemaps::walk(table, [&](const std::uint8_t* key, const std::uint8_t* value) -> Result<bool> {
			    if (table.is_array() && all_zero(value, value_size))
				    return true;
			    if (!sent.meet(key, value, value_size))
				    return true;
			    changes++;
			    auto put = sender_.put(i, key, value);
			    return put ? Result<bool>(true) : Result<bool>(pass(put));
		    });
		if (!walked)
			return pass(walked);
		auto removed = sent.end_round([&](const std::uint8_t* key) {
			changes++;
			return sender_.remove(i, key);
		});
		if (!removed)
			return pass(removed);
	}
	// The receiver has dealt with it all before the next round, or the end of the freeze.
	if (auto ended = frozen ? sender_.finish() : sender_.end_round(); !ended)
		return pass(ended);
	report_.rounds++;
	if (options_.progress)
		options_.progress({report_.rounds, changes, ms_since(start) / 1000, frozen});
	return changes;
}

Result<void> Sending::copy_until_little_changes()
{
	std::uint64_t before = ~0ull;
	while (report_.rounds < most_rounds) {
		auto changes = round(false);
		if (!changes)
			return pass(changes);
		if (*changes <= few_changes || (report_.rounds > 1 && *changes > before / 2))
			return {};
		before = *changes;
	}
	return {};
}

Result<void> Sending::keep_frozen()
{
	record_.frozen = "its states were sent to " + connection_.peer() + " (" + now_utc() + ")";
	if (auto written = store_.write_nf(record_); !written)
		return written;
	return store_.clear_journal();
}

Result<void> Sending::send_frozen(int frozen_root, Clock::time_point& since)
{
	if (auto told = sender_.freeze(); !told)
		return told;
	since = Clock::now();
	if (auto written = framework_.write_slot(NFUP_ROOT_SLOT, frozen_root); !written)
		return written;
	if (auto drained = drain(); !drained)
		return drained;
	if (auto last = round(true); !last)
		return pass(last);
	report_.freeze_ms = ms_since(since);
	return {};
}

Result<void> Sending::freeze()
{
	auto frozen_root = load_frozen_root(framework_, generation_);
	if (!frozen_root)
		return pass(frozen_root);
	if (auto written = store_.write_journal({.operation = "send", .from = record_.current, .step = "freeze"});
	    !written)
		return written;
	connection_.patience = frozen_patience;
	Clock::time_point since = Clock::now();
	auto done = send_frozen(frozen_root->get(), since);
	if (done && !options_.thaw) {
		report_.frozen = true;
		auto kept = keep_frozen();
		if (!kept)
			kept.error().hint =
			    "the receiver has all; nfup recover " + store_.nf() + " ends what is left here";
		return kept;
	}
	if (auto thawed = thaw(store_, framework_, generation_); !thawed) {
		if (done)
			return thawed;
		done.error().message += "\nand it stays frozen: " + thawed.error().message;
		done.error().hint = "nfup recover " + store_.nf();
		return done;
	}
	if (done)
		report_.freeze_ms = ms_since(since);
	auto cleared = store_.clear_journal();
	return done ? cleared : done;
}

Result<SendReport> Sending::run()
{
	const auto start = Clock::now();
	header_.monotonic_ns = clock_ns(CLOCK_MONOTONIC); // the receiver compares it with its own, on arrival
	if (auto begun = sender_.begin(); !begun)
		return pass(begun);
	if (auto copied = copy_until_little_changes(); !copied)
		return pass(copied);
	if (auto frozen = freeze(); !frozen)
		return pass(frozen);
	report_.peer = connection_.peer();
	report_.bytes = connection_.sent();
	report_.seconds = ms_since(start) / 1000;
	for (std::size_t i = 0; i < states_.size(); i++) {
		report_.states.push_back({states_[i].table.atom, sent_[i].there()});
		report_.entries += sent_[i].there();
	}
	return std::move(report_);
}

} // namespace

Result<SendReport> send_states(const Folders& folders, const std::string& nf, const Address& to,
			       const SendOptions& options)
{
	const Signals signals;
	const Fd interrupt(signalfd(-1, &signals.held(), SFD_CLOEXEC));
	auto running = open_running(folders, nf);
	if (!running)
		return pass(running);
	auto states = open_states(running->session.store, options.atoms);
	if (!states)
		return pass(states);
	auto connection = Connection::open(to, interrupt.get());
	if (!connection)
		return pass(connection);
	auto report = Sending(*running, *states, options, *connection).run();
	if (report)
		report->mended = running->session.mended;
	return report;
}

Result<std::string> end_dead_send(const Store& store)
{
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	if (record->frozen.empty())
		if (auto thawed = thaw_running(store); !thawed)
			return pass(thawed);
	if (auto cleared = store.clear_journal(); !cleared)
		return pass(cleared);
	return std::string(record->frozen.empty() ? "the NF is thawed and goes on here"
						  : "it had come to its end; the NF stays frozen");
}

} // namespace nfup::upgrade
