// SPDX-License-Identifier: BSD-2-Clause
#include "session.h"

#include "framework.h"
#include "freeze.h"
#include "reattach.h"
#include "state_receive.h"
#include "state_save.h"
#include "state_send.h"
#include "swap.h"

namespace nfup::upgrade {

namespace {

Result<std::string> mend_migration(const Store& store, const MigrationProgress& progress)
{
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	auto report = migrate(store, *framework, progress);
	if (!report)
		return pass(report);
	const std::string what = "an unfinished migration of '" + store.nf() + "' was found: ";
	if (report->stopped || report->left)
		return what + still_open(store, *report).message;
	return what + "finished, " + std::to_string(report->entries) + " entries were left to move";
}

} // namespace

Result<std::string> mend(const Store& store, const MigrationProgress& progress)
{
	if (auto removed = store.remove_temporaries(); !removed)
		return pass(removed);
	std::error_code error;
	// The machine went down: bpffs is empty then.
	const bool unloaded = !std::filesystem::exists(store.pins(), error) && !error;
	auto journal = store.read_journal();
	if (!journal && unloaded) { // nor was it synced
		const auto record = store.read_nf();
		const bool never_ran = !record || record->current == 0;
		if (auto removed = never_ran ? remove_all(store) : store.remove_unreadable_journal(); !removed)
			return pass(removed);
		return "a command on '" + store.nf() +
		       "' that a power cut ended was found: its drafts are dropped; nothing is loaded since the machine "
		       "restarted";
	}
	if (!journal)
		return pass(journal);
	if (!*journal)
		return "";
	const Journal& left = **journal;
	const std::string what = "a dead `" + left.operation + "` of '" + store.nf() + "' was found: ";
	auto record = store.read_nf();
	const bool never_ran = left.operation == "attach" && (!record || record->current == 0);
	if (never_ran || left.operation == "detach") {
		if (auto removed = remove_all(store); !removed)
			return pass(removed);
		return what + (never_ran ? "undone, nothing of it is left" : "finished, nothing is left");
	}
	if (unloaded) {
		if (auto removed = store.remove_draft(left.to); !removed)
			return pass(removed);
		if (auto cleared = store.clear_journal(); !cleared)
			return pass(cleared);
		return what + "its draft is dropped; nothing is loaded since the machine restarted";
	}
	if (left.operation == "migrate")
		return mend_migration(store, progress);
	if (left.operation == "reattach") {
		auto finished = finish_reattach(store, left);
		return finished ? Result<std::string>(what + *finished) : finished;
	}
	if (left.operation == "restore") {
		auto finished = finish_restore(store, left);
		return finished ? Result<std::string>(what + *finished) : finished;
	}
	if (left.operation == "send" || left.operation == "receive") {
		auto ended = left.operation == "send" ? end_dead_send(store) : end_dead_receive(store, left);
		return ended ? Result<std::string>(what + *ended) : ended;
	}
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	auto there = framework->read_slot(left.flip_slot);
	if (!there)
		return pass(there);
	const bool flipped = left.step != "prepare" && *there == left.new_prog_id;
	if (left.step == "back" || (left.step == "watch" && flipped)) {
		Journal back = left;
		if (left.step == "watch")
			back.history = gone_back(left.history, "nfup died before it was accepted");
		if (auto gone = go_back(store, *framework, std::move(back)); !gone)
			return pass(gone);
		return what + "it had flipped and was not accepted yet; gone back, generation " +
		       std::to_string(left.from) + " runs";
	}
	if (flipped) {
		if (auto committed = commit(store, *framework, left); !committed)
			return pass(committed);
		auto after = store.read_journal();
		if (!after)
			return pass(after);
		if (*after) {
			auto moved = mend_migration(store, progress);
			if (!moved)
				return pass(moved);
			return what + "it had flipped; finished, generation " + std::to_string(left.to) + " runs; " +
			       *moved;
		}
		return what + "it had flipped; finished, generation " + std::to_string(left.to) + " runs";
	}
	if (auto undone = undo(store, *framework, left); !undone)
		return pass(undone);
	return what + "it had not flipped; undone, generation " + std::to_string(left.from) + " runs";
}

Result<Session> begin(const Folders& folders, const std::string& nf, const MigrationProgress& progress)
{
	auto store = Store::open(folders, nf);
	if (!store)
		return pass(store);
	if (!store->exists())
		return fail(ErrorKind::intent, "there is no NF '" + nf + "'", "`nfup status` lists the NFs");
	auto lock = store->lock();
	if (!lock)
		return pass(lock);
	auto mended = mend(*store, progress);
	if (!mended)
		return pass(mended);
	if (!store->exists())
		return fail(ErrorKind::intent,
			    "there is no NF '" + nf + "': its attach was cut off and has been undone",
			    "attach it again");
	return Session{std::move(*store), std::move(*lock), std::move(*mended)};
}

Result<void> check_mended(const Store& store, const std::string& mended)
{
	auto journal = store.read_journal();
	if (!journal)
		return pass(journal);
	if (*journal)
		return fail(ErrorKind::refused, mended,
			    "nfup state del " + store.nf() + " … makes room; then nfup recover " + store.nf());
	return {};
}

Result<Running> open_running(const Folders& folders, const std::string& nf, const MigrationProgress& progress)
{
	auto session = begin(folders, nf, progress);
	if (!session)
		return pass(session);
	if (auto whole = check_mended(session->store, session->mended); !whole)
		return pass(whole);
	auto record = session->store.read_nf();
	if (!record)
		return pass(record);
	if (auto runs = check_not_frozen(*record); !runs)
		return pass(runs);
	auto framework = Framework::open(session->store);
	if (!framework)
		return pass(framework);
	auto kept = read_generations(session->store);
	if (!kept)
		return pass(kept);
	if (!kept->contains(record->current))
		return fail(ErrorKind::system,
			    "the record of the running generation " + std::to_string(record->current) + " of '" + nf +
				"' is gone",
			    "forwarding goes on; restore it, or detach and attach");
	return Running{std::move(*session), std::move(*record), std::move(*framework), std::move(*kept)};
}

} // namespace nfup::upgrade
