// SPDX-License-Identifier: BSD-2-Clause
// nfup save-all and restore-all: every NF of this machine, before and after a reboot.
#include <algorithm>
#include <iostream>

#include "cli.h"
#include "upgrade/reattach.h"
#include "upgrade/state_save.h"

namespace nfup::tools {

namespace {

// What was done to one NF, and the exit code that it would have by itself.
struct Done {
	json answer;
	std::string text;
	int code = 0;
};

Done failed(const std::string& nf, const Error& error)
{
	json answer = {
	    {"name", nf},
	    {"result", "failed"},
	    {"error", {{"code", static_cast<int>(error.kind)}, {"message", error.message}, {"hint", error.hint}}}};
	return {answer, "failed: " + error.message + (error.hint.empty() ? "" : "\n  " + error.hint),
		static_cast<int>(error.kind)};
}

int finish(const Cli& cli, const std::vector<Done>& all)
{
	int code = 0;
	json answers = json::array();
	for (const Done& one : all) {
		code = std::max(code, one.code);
		answers.push_back(one.answer);
		if (!cli.as_json)
			(one.code ? std::cerr : std::cout)
			    << one.answer["name"].get<std::string>() << ": " << one.text << "\n";
	}
	if (cli.as_json)
		print_json({{"ok", code == 0}, {"nfs", answers}});
	else if (all.empty())
		std::cout << "there are no NFs\n";
	return code;
}

Done save(const Cli& cli, const std::string& nf)
{
	auto store = upgrade::Store::open(cli.folders, nf);
	if (!store)
		return failed(nf, store.error());
	std::error_code error;
	if (!std::filesystem::exists(store->pins() / "slots", error))
		return {{{"name", nf}, {"result", "not-loaded"}}, "not loaded: its last snapshot stays", 0};
	auto states = upgrade::open_states(*store);
	if (!states)
		return failed(nf, states.error());
	const auto path = upgrade::snapshot_path(*store);
	auto saved = upgrade::save_states(nf, *states, path);
	if (!saved)
		return failed(nf, saved.error());
	json counts = json::array();
	std::string text;
	for (const auto& state : *saved) {
		counts.push_back({{"atom", state.atom}, {"entries", state.entries}});
		text += (text.empty() ? "" : ", ") + state.atom + " " + std::to_string(state.entries);
	}
	return {{{"name", nf}, {"result", "saved"}, {"file", path}, {"states", counts}},
		text.empty() ? "saved, it keeps no state" : "saved: " + text,
		0};
}

Done restore(const Cli& cli, const std::string& nf, loader::Library& library)
{
	auto done = upgrade::reattach(cli.folders, nf, library, cli.options.count("no-state") == 0);
	if (!done)
		return failed(nf, done.error());
	if (done->was_running)
		return {{{"name", nf}, {"result", "running"}}, "runs already", 0};
	json counts = json::array();
	std::string text;
	for (const auto& state : done->restored) {
		counts.push_back({{"atom", state.atom}, {"restored", state.restored}, {"converted", state.converted}});
		text += ", " + state.atom + " " + std::to_string(state.restored);
	}
	json answer = {{"name", nf},       {"result", "restored"}, {"generation", done->outcome.generation},
		       {"states", counts}, {"lost", done->lost},   {"total_ms", done->outcome.total_ms}};
	if (done->lost.empty())
		return {answer, "restored" + text, 0};
	return {answer, "attached, with empty states: " + done->lost + "\n  the snapshot is kept as state.save.refused",
		static_cast<int>(ErrorKind::refused)};
}

std::vector<std::string> names_of(const Cli& cli)
{
	return cli.words.empty() ? upgrade::list_nfs(cli.folders) : cli.words;
}

} // namespace

int run_save_all(const Cli& cli)
{
	std::vector<Done> all;
	for (const std::string& nf : names_of(cli))
		all.push_back(save(cli, nf));
	return finish(cli, all);
}

int run_restore_all(const Cli& cli)
{
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	std::vector<Done> all;
	for (const std::string& nf : names_of(cli))
		all.push_back(restore(cli, nf, *library));
	return finish(cli, all);
}

} // namespace nfup::tools
