// SPDX-License-Identifier: BSD-2-Clause
// nfup state save and restore.
#include <iostream>

#include "cli.h"
#include "upgrade/session.h"
#include "upgrade/state_save.h"

namespace nfup::tools {

namespace {

std::vector<std::string> atoms_of(const Cli& cli)
{
	return {cli.words.begin() + 3, cli.words.end()};
}

} // namespace

int run_state_save(const Cli& cli)
{
	auto store = upgrade::Store::open(cli.folders, cli.words[1]);
	if (!store)
		return report(cli, store.error());
	auto states = upgrade::open_states(*store, atoms_of(cli));
	if (!states)
		return report(cli, states.error());
	auto saved = upgrade::save_states(cli.words[1], *states, cli.words[2]);
	if (!saved)
		return report(cli, saved.error());
	json counts = json::array();
	for (const auto& state : *saved) {
		counts.push_back({{"atom", state.atom}, {"entries", state.entries}});
		if (!cli.as_json)
			std::cout << state.atom << ": " << state.entries << " saved\n";
	}
	if (cli.as_json)
		print_json({{"ok", true}, {"name", cli.words[1]}, {"file", cli.words[2]}, {"states", counts}});
	return 0;
}

int run_state_restore(const Cli& cli)
{
	auto session = upgrade::begin(cli.folders, cli.words[1]);
	if (!session)
		return report(cli, session.error());
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	auto restored = upgrade::restore_journalled(session->store, cli.words[2], atoms_of(cli),
						    cli.options.count("overwrite") > 0, *library);
	if (!restored)
		return report(cli, restored.error());
	json counts = json::array();
	for (const auto& state : *restored) {
		counts.push_back({{"atom", state.atom},
				  {"restored", state.restored},
				  {"kept", state.kept},
				  {"converted", state.converted}});
		if (!cli.as_json)
			std::cout << state.atom << ": " << state.restored << " restored"
				  << (state.converted ? " from another layout, " : ", ") << state.kept
				  << " were there\n";
	}
	if (cli.as_json)
		print_json({{"ok", true},
			    {"name", cli.words[1]},
			    {"file", cli.words[2]},
			    {"mended", session->mended},
			    {"states", counts}});
	return 0;
}

} // namespace nfup::tools
