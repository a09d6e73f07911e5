// SPDX-License-Identifier: BSD-2-Clause
// What every command of `nfup` shares: the parsed command line, and how it says
// what happened, to people or (-j) to scripts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include "intent/diagnostic.h"
#include "intent/result.h"
#include "loader/class_library.h"
#include "loader/verifier_log.h"
#include "upgrade/coordinator.h"
#include "upgrade/store.h"

namespace nfup::tools {

using nlohmann::json;

struct Cli {
	bool as_json = false;
	bool verbose = false;
	upgrade::Folders folders;
	int cache_size_mib = 0;
	std::vector<std::filesystem::path> lib;
	std::vector<std::string> words; // after the command
	cxxopts::ParseResult options;   // the command's own

	Result<loader::Library> library() const;
};

struct Command {
	const char* name;
	const char* arguments; // for the usage line
	const char* summary;
	void (*declare)(cxxopts::Options& options); // its own options; may be null
	std::size_t min_words, max_words;
	int (*run)(const Cli& cli);
};

const std::vector<Command>& commands();

// Exit code of an error, after printing it.
int report(const Cli& cli, const Error& error, const intent::Diagnostics& diagnostics = {},
	   const upgrade::Intent& intent = {});

// Notes and warnings for people, on stderr.
void print_diagnostics(const intent::Diagnostics& diagnostics, const upgrade::Intent& intent);

json to_json(const intent::Diagnostics& diagnostics);
json to_json(const upgrade::Outcome& outcome);
json to_json(const VerifierRefusal& refusal);
json to_json(const upgrade::CanaryReport& canary);
void print_canary(const upgrade::CanaryReport& canary);

// What a command that changes an NF says in JSON, and its exit code.
json answer(const upgrade::Outcome& outcome, const intent::Diagnostics& diagnostics);
json answer(const Error& error, const intent::Diagnostics& diagnostics);
int exit_code(const upgrade::Outcome& outcome);
void print_json(const json& value);

// With the canaries beside it: NAME.canary beside NAME.click or NAME.table.
Result<upgrade::Intent> read_intent(const std::string& path);

// What every command on an intent starts with.
struct Workplace {
	upgrade::Intent intent;
	loader::Library library;
};
Result<Workplace> open_workplace(const Cli& cli, const std::string& intent_path);

std::string join(const std::vector<std::string>& words, const std::string& separator = ", ");

// One per command, each in a file named after what it is about.
int run_check(const Cli& cli);
int run_build(const Cli& cli);
int run_classes(const Cli& cli);
int run_attach(const Cli& cli);
int run_plan(const Cli& cli);
int run_upgrade(const Cli& cli);
int run_rollback(const Cli& cli);
int run_detach(const Cli& cli);
int run_recover(const Cli& cli);
int run_status(const Cli& cli);
int run_history(const Cli& cli);
int run_trace(const Cli& cli);
int run_doctor(const Cli& cli);
int run_graph(const Cli& cli);
int run_new(const Cli& cli);
int run_save_all(const Cli& cli);
int run_restore_all(const Cli& cli);
int run_state(const Cli& cli);
int run_state_save(const Cli& cli);
int run_state_restore(const Cli& cli);
int run_state_send(const Cli& cli);
int run_state_receive(const Cli& cli);
int run_state_thaw(const Cli& cli);

} // namespace nfup::tools
