// SPDX-License-Identifier: BSD-2-Clause
// The commands that change an NF: attach, upgrade, rollback, detach, recover.
// The order of steps is docs/upgrade-protocol.md's; each is journalled before it
// happens.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "build.h"
#include "canary.h"
#include "hosting.h"
#include "intent/result.h"
#include "loader/attach.h"
#include "loader/class_library.h"
#include "migration.h"
#include "store.h"
#include "watch.h"

namespace nfup::upgrade {

enum class StateAction { keep, migrate, create, drop };
const char* to_string(StateAction action);

struct StateChange {
	std::string atom;
	StateAction action = StateAction::keep;
	std::string detail; // schema differences
};

struct PortChange {
	std::string label, ifname;
	const char* action = "keep"; // keep, add, remove
};

// What a command did, or would do.
struct Outcome {
	std::string nf;
	int generation = 0; // the one that this is about
	int running = 0;    // the one that runs afterwards
	std::vector<std::string> changed, shared, removed, loaded;
	std::map<std::string, std::string> why;
	std::optional<std::uint32_t> flip_slot; // none: nothing changed
	std::string flip_node;
	int slots_written = 0;
	std::vector<StateChange> state;
	std::vector<PortChange> ports;
	std::vector<std::string> compiled, reused;
	double build_ms = 0, load_ms = 0, state_ms = 0, flip_us = 0, drain_ms = 0, total_ms = 0;
	double flipped_at = 0; // seconds since 1970: when the new generation began to forward; 0: it did not
	std::string result;    // committed, refused, rolled-back; empty for a plan
	std::string reason;
	std::optional<WatchReport> watch;         // of a watched upgrade that flipped
	std::string mended;                       // what a dead command had left and this one dealt with first
	CanaryReport canary;                      // the check before the flip
	std::optional<MigrationReport> migration; // of a state to another layout or size
};

struct Intent {
	std::string text;
	std::string file;
	std::string canary_text; // of the canary file beside it
	std::string canary_file; // empty: there is none
};

struct AttachOptions {
	std::string name;
	std::vector<std::pair<std::string, std::string>> devices; // label, interface
	std::string netns;
	loader::Mode mode = loader::Mode::native;
	bool canary = true;
	Then then; // programs of others behind the NF
};

struct UpgradeOptions {
	std::set<std::string> drop_state;
	int keep = 2; // generations kept for rollback, the running one apart
	WatchOptions watch;
	bool canary = true;
	std::vector<std::pair<std::string, std::string>> devices; // of new ports: label, interface
};

class Coordinator {
public:
	Coordinator(Folders folders, loader::Library& library) : folders_(std::move(folders)), library_(library) {}

	// `diagnostics` gets what the passes say, also when all is well.
	Result<Outcome> attach(const Intent& intent, const AttachOptions& options, intent::Diagnostics& diagnostics);
	Result<Outcome> plan(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
			     intent::Diagnostics& diagnostics);
	Result<Outcome> upgrade(const std::string& nf, const Intent& intent, const UpgradeOptions& options,
				intent::Diagnostics& diagnostics);
	// `to` 0: the generation that the running one was an upgrade of.
	Result<Outcome> rollback(const std::string& nf, int to);
	Result<void> detach(const std::string& nf);
	// Finishes or undoes what a dead command left. Returns what was done; empty:
	// there was nothing to do.
	Result<std::string> recover(const std::string& nf);

	// Hears of migrations, those that recovery finishes among them.
	void on_migration(MigrationProgress progress) { progress_ = std::move(progress); }

private:
	Folders folders_;
	loader::Library& library_;
	MigrationProgress progress_;
};

} // namespace nfup::upgrade
