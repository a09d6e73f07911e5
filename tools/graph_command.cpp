// SPDX-License-Identifier: BSD-2-Clause
// graph: the pipeline as a picture, or as text in either form of the language.
#include <filesystem>
#include <iostream>
#include <unistd.h>

#include "cli.h"
#include "intent/parse.h"
#include "intent/print.h"
#include "loader/files.h"
#include "loader/subprocess.h"

namespace nfup::tools {

namespace {

// The text of an intent's file, or of what a running NF was made from.
Result<upgrade::Intent> intent_of(const Cli& cli)
{
	const std::string& word = cli.words[0];
	std::error_code error;
	if (std::filesystem::exists(word, error))
		return read_intent(word);
	auto store = upgrade::Store::open(cli.folders, word);
	if (!store || !store->exists())
		return fail(ErrorKind::intent, "'" + word + "' is neither a file nor an NF",
			    "give the path of an intent, or one of the names that `nfup status` lists");
	auto record = store->read_nf();
	if (!record)
		return pass(record);
	auto generation = store->read_generation(record->current);
	if (!generation)
		return pass(generation);
	return upgrade::Intent{generation->intent, generation->intent_file};
}

Result<std::string> draw_svg(const std::string& dot)
{
	const auto file = std::filesystem::temp_directory_path() / ("nfup-graph-" + std::to_string(getpid()) + ".dot");
	if (auto written = write_file(file, dot, false); !written)
		return pass(written);
	auto drawn = run({"dot", "-Tsvg", file.string()});
	unlink(file.c_str());
	if (!drawn)
		return fail(ErrorKind::system, "graphviz is not installed", "apt install graphviz, or --format dot");
	if (drawn->status != 0)
		return fail(ErrorKind::system, "graphviz refused the graph: " + drawn->output);
	return drawn->output;
}

} // namespace

int run_graph(const Cli& cli)
{
	const std::string format = cli.options["format"].as<std::string>();
	auto intent = intent_of(cli);
	if (!intent)
		return report(cli, intent.error());
	intent::Diagnostics diagnostics;
	const intent::Graph graph = intent::parse(intent->text, intent->file, diagnostics);
	if (!diagnostics.ok())
		return report(cli, {ErrorKind::intent, "the intent cannot be parsed", ""}, diagnostics, *intent);

	std::string text;
	if (format == "click") {
		text = intent::print_click(graph);
	} else if (format == "table") {
		text = intent::print_table(graph);
	} else if (format == "dot" || format == "svg") {
		auto library = cli.library();
		if (!library)
			return report(cli, library.error());
		std::vector<std::string> classes;
		for (const auto& node : graph.nodes)
			classes.push_back(node.cls);
		library->prepare(classes);
		text = intent::print_dot(graph, *library, std::filesystem::path(intent->file).filename());
		if (format == "svg") {
			auto svg = draw_svg(text);
			if (!svg)
				return report(cli, svg.error());
			text = std::move(*svg);
		}
	} else {
		return report(cli,
			      {ErrorKind::intent, "unknown format '" + format + "'", "one of dot, svg, click, table"});
	}
	if (cli.as_json)
		print_json({{"ok", true}, {"format", format}, {"text", text}});
	else
		std::cout << text;
	return 0;
}

} // namespace nfup::tools
