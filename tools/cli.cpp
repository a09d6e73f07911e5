// SPDX-License-Identifier: BSD-2-Clause
#include "cli.h"

#include <iostream>

#include "loader/files.h"
#include "statemaps/queue.h"

namespace nfup::tools {

Result<loader::Library> Cli::library() const
{
	auto bpf = loader::find_bpf_folder();
	if (!bpf)
		return pass(bpf);
	std::error_code error;
	for (const auto& folder : lib)
		if (!std::filesystem::is_directory(folder, error))
			return fail(ErrorKind::intent, "--lib " + folder.string() + " is no folder");
	return loader::Library({*bpf, lib, folders.cache, static_cast<std::uintmax_t>(cache_size_mib) << 20});
}

json to_json(const intent::Diagnostics& diagnostics)
{
	json list = json::array();
	for (const auto& d : diagnostics.list())
		list.push_back({{"severity", intent::to_string(d.severity)},
				{"file", d.where.file},
				{"line", d.where.line},
				{"column", d.where.column},
				{"message", d.message},
				{"hint", d.hint}});
	return list;
}

json to_json(const upgrade::Outcome& outcome)
{
	json state = json::array();
	for (const auto& change : outcome.state)
		if (!statemaps::is_queue(change.atom))
			state.push_back({{"atom", change.atom},
					 {"action", upgrade::to_string(change.action)},
					 {"detail", change.detail}});
	json ports = json::array();
	for (const auto& port : outcome.ports)
		ports.push_back({{"label", port.label}, {"ifname", port.ifname}, {"action", port.action}});
	json flip_slot;
	if (outcome.flip_slot)
		flip_slot = *outcome.flip_slot;
	json value = {{"name", outcome.nf},
		      {"generation", outcome.generation},
		      {"running", outcome.running},
		      {"changed", outcome.changed},
		      {"shared", outcome.shared},
		      {"removed", outcome.removed},
		      {"loaded", outcome.loaded},
		      {"why", outcome.why},
		      {"flip_slot", flip_slot},
		      {"flip_node", outcome.flip_node},
		      {"slots_written", outcome.slots_written},
		      {"state", state},
		      {"ports", ports},
		      {"compiled", outcome.compiled},
		      {"reused", outcome.reused},
		      {"build_ms", outcome.build_ms},
		      {"load_ms", outcome.load_ms},
		      {"state_ms", outcome.state_ms},
		      {"flip_us", outcome.flip_us},
		      {"flipped_at", outcome.flipped_at},
		      {"drain_ms", outcome.drain_ms},
		      {"total_ms", outcome.total_ms},
		      {"result", outcome.result},
		      {"reason", outcome.reason},
		      {"canary", to_json(outcome.canary)},
		      {"mended", outcome.mended}};
	if (outcome.migration)
		value["migration"] = {{"atoms", outcome.migration->atoms},
				      {"entries", outcome.migration->entries},
				      {"moved", outcome.migration->moved},
				      {"seconds", outcome.migration->seconds},
				      {"finish_ms", outcome.migration->finish_ms}};
	if (outcome.watch)
		value["watch"] = upgrade::to_json(*outcome.watch);
	return value;
}

json to_json(const VerifierRefusal& refusal)
{
	const auto place = [](const std::optional<loader::SourceLine>& line) {
		return line ? json{{"file", line->file},
				   {"line", line->line},
				   {"column", line->column},
				   {"text", line->text}}
			    : json();
	};
	return {{"reason", refusal.reason},    {"said", refusal.said}, {"source", place(refusal.where)},
		{"from", place(refusal.from)}, {"mend", refusal.mend}, {"log", refusal.log}};
}

void print_json(const json& value)
{
	// Names come from the command line and from files: bytes that are no UTF-8
	// must not stop the answer.
	std::cout << value.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
}

void print_diagnostics(const intent::Diagnostics& diagnostics, const upgrade::Intent& intent)
{
	for (const auto& diagnostic : diagnostics.list()) {
		const bool canary = !intent.canary_file.empty() && diagnostic.where.file == intent.canary_file;
		std::cerr << intent::render(diagnostic, canary ? intent.canary_text : intent.text) << "\n";
	}
}

int exit_code(const upgrade::Outcome& outcome)
{
	const bool undone = outcome.result == "refused" || outcome.result == "rolled-back";
	return undone ? static_cast<int>(ErrorKind::refused) : 0;
}

json answer(const upgrade::Outcome& outcome, const intent::Diagnostics& diagnostics)
{
	json value = to_json(outcome);
	value["ok"] = exit_code(outcome) == 0;
	if (outcome.result == "refused")
		value["error"] = {
		    {"code", exit_code(outcome)}, {"message", outcome.reason}, {"hint", outcome.canary.hint()}};
	value["diagnostics"] = to_json(diagnostics);
	return value;
}

json answer(const Error& error, const intent::Diagnostics& diagnostics)
{
	json value = {{"code", static_cast<int>(error.kind)}, {"message", error.message}, {"hint", error.hint}};
	if (error.verifier)
		value["verifier"] = to_json(*error.verifier);
	return {{"ok", false},
		{"error", value},
		{"result", "refused"},
		{"reason", error.message},
		{"diagnostics", to_json(diagnostics)}};
}

int report(const Cli& cli, const Error& error, const intent::Diagnostics& diagnostics, const upgrade::Intent& intent)
{
	const int code = static_cast<int>(error.kind);
	if (cli.as_json) {
		print_json(answer(error, diagnostics));
		return code;
	}
	print_diagnostics(diagnostics, intent);
	if (diagnostics.ok()) // else the message only repeats them
		std::cerr << "nfup: " << error.message << "\n";
	if (!error.hint.empty())
		std::cerr << "hint: " << error.hint << "\n";
	if (cli.verbose && error.verifier)
		std::cerr << "the verifier's log:\n" << error.verifier->log;
	return code;
}

Result<upgrade::Intent> read_intent(const std::string& path)
{
	auto text = read_file(path);
	if (!text) {
		text.error().kind = ErrorKind::intent;
		text.error().hint = "give the path of an intent; examples/ has some";
		return pass(text);
	}
	upgrade::Intent intent{std::move(*text), path, {}, {}};
	const auto beside = std::filesystem::path(path).replace_extension(".canary");
	std::error_code error;
	if (!std::filesystem::exists(beside, error) || beside == path)
		return intent;
	auto canary = read_file(beside);
	if (!canary) {
		canary.error().kind = ErrorKind::intent;
		return pass(canary);
	}
	intent.canary_text = std::move(*canary);
	intent.canary_file = beside;
	return intent;
}

Result<Workplace> open_workplace(const Cli& cli, const std::string& intent_path)
{
	auto intent = read_intent(intent_path);
	if (!intent)
		return pass(intent);
	auto library = cli.library();
	if (!library)
		return pass(library);
	return Workplace{std::move(*intent), std::move(*library)};
}

std::string join(const std::vector<std::string>& words, const std::string& separator)
{
	std::string text;
	for (const auto& word : words)
		text += (text.empty() ? "" : separator) + word;
	return text;
}

} // namespace nfup::tools
