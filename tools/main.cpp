// SPDX-License-Identifier: BSD-2-Clause
// nfup: the command line. Global options and the command's own may come in any
// order; the table below is the whole dispatch.
#include <malloc.h>
#include <cstdio>
#include <iostream>
#include <set>

#include "cli.h"

namespace nfup::tools {

namespace {

void declare_canary(cxxopts::Options& options)
{
	options.add_options()("no-canary", "do not run packets through the new programs first (docs/canary.md)");
}

void declare_check(cxxopts::Options& options)
{
	options.add_options()("kernel", "for machines with this kernel: 6.1", cxxopts::value<std::string>(), "X.Y");
}

void declare_attach(cxxopts::Options& options)
{
	options.add_options()("name", "name of the NF", cxxopts::value<std::string>(), "NF")(
	    "dev", "device of a port, once per port", cxxopts::value<std::vector<std::string>>(), "PORT=INTERFACE")(
	    "netns", "network namespace of the devices", cxxopts::value<std::string>()->default_value(""), "NAME")(
	    "then",
	    "an XDP program that gets what the NF hands to the host: `attached` (the one found on the device), a "
	    "pinned one, or FILE.o[:PROGRAM]; for one port or for all (docs/devices.md)",
	    cxxopts::value<std::vector<std::string>>(), "[PORT=]WHAT")(
	    "multi", "beside other programs, behind libxdp's dispatcher: says why it cannot be (docs/devices.md)")(
	    "mode", "native, generic or offload", cxxopts::value<std::string>()->default_value("native"), "MODE");
	declare_canary(options);
}

void declare_plan(cxxopts::Options& options)
{
	options.add_options()("dev", "device of a port that is new, once per port",
			      cxxopts::value<std::vector<std::string>>(), "PORT=INTERFACE")(
	    "drop-state", "start this state empty, losing its entries", cxxopts::value<std::vector<std::string>>(),
	    "ATOM")("keep", "generations kept for rollback", cxxopts::value<int>()->default_value("2"), "N");
	declare_canary(options);
}

void declare_upgrade(cxxopts::Options& options)
{
	declare_plan(options);
	options.add_options()("watch", "go back by itself when a guard is broken in this time: 5, 5s, 500ms",
			      cxxopts::value<std::string>(),
			      "TIME")("guard",
				      std::string("what must hold in the watch, by default '") +
					  upgrade::default_guards + "' (docs/upgrade-protocol.md)",
				      cxxopts::value<std::string>(), "EXPR");
	options.add_options()("follow", "upgrade again on each save of a file that the NF is made of, until Ctrl-C");
}

void declare_new(cxxopts::Options& options)
{
	options.add_options()("dir", "where to write the files: your --lib folder",
			      cxxopts::value<std::string>()->default_value("."), "DIR");
}

void declare_rollback(cxxopts::Options& options)
{
	options.add_options()("to", "generation to go back to; the one before when not given",
			      cxxopts::value<int>()->default_value("0"), "N");
}

void declare_state(cxxopts::Options& options)
{
	options.add_options()("where", "only entries that this holds for (docs/state.md)",
			      cxxopts::value<std::string>(), "EXPR")(
	    "limit", "show at most so many; 0: all", cxxopts::value<std::size_t>()->default_value("0"),
	    "N")("create", "set: only if there is no such entry yet")("existing", "set: only if there is one")(
	    "all", "del: every entry")("overwrite",
				       "restore: also entries that are there")("thaw", "send: go on here afterwards");
}

void declare_restore_all(cxxopts::Options& options)
{
	options.add_options()("no-state", "attach with empty states");
}

void declare_doctor(cxxopts::Options& options)
{
	options.add_options()("netns", "network namespace of the device",
			      cxxopts::value<std::string>()->default_value(""), "NAME");
}

void declare_trace(cxxopts::Options& options)
{
	options.add_options()("count", "end after so many packets; 0: never",
			      cxxopts::value<std::uint64_t>()->default_value("0"),
			      "N")("pcap", "write them to this file, - for stdout, for tcpdump and Wireshark",
				   cxxopts::value<std::string>()->default_value(""), "FILE");
}

void declare_graph(cxxopts::Options& options)
{
	options.add_options()("format", "dot, svg, click or table", cxxopts::value<std::string>()->default_value("dot"),
			      "FORMAT");
}

void declare_global(cxxopts::Options& options)
{
	options.add_options()("j,json", "JSON on stdout, errors included")("v,verbose", "say more")(
	    "h,help", "this text")("bpffs", "folder for pins",
				   cxxopts::value<std::string>()->default_value("/sys/fs/bpf/nfup"), "DIR")(
	    "state-dir", "folder for records", cxxopts::value<std::string>()->default_value("/var/lib/nfup"), "DIR")(
	    "cache-dir", "folder for compiled objects", cxxopts::value<std::string>()->default_value("/var/cache/nfup"),
	    "DIR")("cache-size", "what that folder may hold; the longest unused goes first",
		   cxxopts::value<int>()->default_value("256"),
		   "MIB")("lib", "folder with classes of your own", cxxopts::value<std::vector<std::string>>(), "DIR");
}

void print_usage()
{
	std::cout << "nfup: network functions on XDP, upgraded while packets flow\n\nusage: nfup [-j] COMMAND …\n\n";
	for (const Command& command : commands())
		printf("  %-11s %-44s %s\n", command.name, command.arguments, command.summary);
	std::cout << "\nnfup COMMAND --help shows a command's options. Exit codes: 0 done; 1 the intent or the\n"
		     "arguments are wrong; 2 the system refused; 3 the upgrade was refused or rolled back.\n";
}

// The first word that is neither an option nor an option's value.
std::string first_word(int argc, char** argv)
{
	for (int i = 1; i < argc; i++) {
		const std::string word = argv[i];
		if (!word.starts_with('-'))
			return word;
		static const std::set<std::string> flags = {"--json",      "--no-canary", "--follow",   "--verbose",
							    "--help",      "--create",    "--existing", "--all",
							    "--overwrite", "--no-state",  "--multi",    "--thaw"};
		const bool has_value =
		    word.starts_with("--") && word.find('=') == std::string::npos && !flags.contains(word);
		i += has_value ? 1 : 0;
	}
	return {};
}

const Command* find_command(const std::string& word)
{
	for (const Command& command : commands())
		if (word == command.name)
			return &command;
	return nullptr;
}

bool has_flag(int argc, char** argv, const char* brief, const char* full)
{
	for (int i = 1; i < argc; i++)
		if (std::string(argv[i]) == brief || std::string(argv[i]) == full)
			return true;
	return false;
}

} // namespace

const std::vector<Command>& commands()
{
	static const std::vector<Command> table = {
	    {"check", "INTENT [--kernel X.Y]", "parse and resolve; loads nothing, needs no root", declare_check, 1, 1,
	     run_check},
	    {"build", "[INTENT]", "compile what is missing; without an intent: every class", nullptr, 0, 1, run_build},
	    {"attach", "INTENT --name NF --dev p1=eth0 …", "load and attach", declare_attach, 1, 1, run_attach},
	    {"plan", "NF INTENT", "what an upgrade would do", declare_plan, 2, 2, run_plan},
	    {"upgrade", "NF INTENT [--follow]", "do it; and again on each save", declare_upgrade, 2, 2, run_upgrade},
	    {"rollback", "NF [--to N]", "back to a kept generation", declare_rollback, 1, 1, run_rollback},
	    {"trace", "NF [NODE…]", "packets at Print nodes, as text or pcap", declare_trace, 1, 1000, run_trace},
	    {"history", "NF", "generations, and how long each step took", nullptr, 1, 1, run_history},
	    {"status", "[NF]", "ports, nodes, drops by reason, state", nullptr, 0, 1, run_status},
	    {"graph", "INTENT|NF [--format FORMAT]", "the pipeline as a picture or as text", declare_graph, 1, 1,
	     run_graph},
	    {"new", "module|atom NAME [--dir DIR]", "a class that compiles, to start from", declare_new, 2, 2, run_new},
	    {"state", "list|show|get|set|del|save|restore|send|… NF …", "entries of the NF's states", declare_state, 2,
	     1000, run_state},
	    {"save-all", "[NF…]", "every NF's states to disk, for a reboot", nullptr, 0, 1000, run_save_all},
	    {"restore-all", "[NF…] [--no-state]", "after a reboot: every NF as it was", declare_restore_all, 0, 1000,
	     run_restore_all},
	    {"classes", "[CLASS]", "the library, with parameters and ports", nullptr, 0, 1, run_classes},
	    {"doctor", "[DEV]", "what this machine can do, and how to mend it", declare_doctor, 0, 1, run_doctor},
	    {"recover", "[NF]", "finish or undo what a dead command left", nullptr, 0, 1, run_recover},
	    {"detach", "NF", "take it all down", nullptr, 1, 1, run_detach},
	};
	return table;
}

int main_(int argc, char** argv)
{
	Cli cli;
	cli.as_json = has_flag(argc, argv, "-j", "--json");
	const std::string word = first_word(argc, argv);
	const Command* command = find_command(word);
	if (!command) {
		if (word.empty()) {
			print_usage();
			return argc > 1 && !has_flag(argc, argv, "-h", "--help") ? 1 : 0;
		}
		return report(cli, {ErrorKind::intent, "there is no command '" + word + "'", "nfup --help lists them"});
	}
	cxxopts::Options options(std::string("nfup ") + command->name, command->summary);
	declare_global(options);
	options.add_options()("words", "", cxxopts::value<std::vector<std::string>>());
	options.parse_positional("words");
	options.positional_help(command->arguments);
	options.custom_help("[OPTIONS]");
	if (command->declare)
		command->declare(options);
	try { // cxxopts throws; nothing else does
		cli.options = options.parse(argc, argv);
		cli.verbose = cli.options.count("verbose") > 0;
		cli.folders.bpffs = cli.options["bpffs"].as<std::string>();
		cli.folders.state = cli.options["state-dir"].as<std::string>();
		cli.folders.cache = cli.options["cache-dir"].as<std::string>();
		cli.cache_size_mib = cli.options["cache-size"].as<int>();
		if (cli.options.count("lib"))
			for (const auto& folder : cli.options["lib"].as<std::vector<std::string>>())
				cli.lib.push_back(std::filesystem::absolute(folder));
		if (cli.options.count("words"))
			cli.words = cli.options["words"].as<std::vector<std::string>>();
		for (const char* number : {"keep", "to", "cache-size"})
			if (cli.options.count(number) && cli.options[number].as<int>() < 0)
				return report(cli, {ErrorKind::intent,
						    std::string("--") + number + " takes no negative number", ""});
	} catch (const cxxopts::exceptions::exception& e) {
		return report(cli, {ErrorKind::intent, e.what(), std::string("nfup ") + command->name + " --help"});
	}
	if (cli.options.count("help")) {
		std::cout << options.help() << "\n";
		return 0;
	}
	cli.words.erase(cli.words.begin()); // the command
	if (cli.words.size() < command->min_words || cli.words.size() > command->max_words)
		return report(cli, {ErrorKind::intent, std::string("wrong number of arguments for ") + command->name,
				    std::string("usage: nfup ") + command->name + " " + command->arguments});
	return command->run(cli);
}

} // namespace nfup::tools

int main(int argc, char** argv)
{
	// A short life: memory is not given back to the kernel piece by piece.
	mallopt(M_MMAP_THRESHOLD, 256 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	mallopt(M_TOP_PAD, 1 << 20);
	return nfup::tools::main_(argc, argv);
}
