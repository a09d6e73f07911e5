// SPDX-License-Identifier: BSD-2-Clause
// Two steps, as in ccache's direct mode: what a source was made of last time (the
// files that clang read), and the object by the content of exactly those files.
#include "compile.h"

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

#include "files.h"
#include "intent/hash.h"
#include "subprocess.h"

namespace nfup::loader {
namespace fs = std::filesystem;

namespace {

constexpr const char* clang = "clang";

const std::vector<std::string> flags = {"-O2", "-g", "-Wall", "-Wextra", "-Werror", "-target", "bpf", "-mcpu=v3"};

fs::path find_program(const std::string& name)
{
	const char* path = getenv("PATH");
	std::stringstream folders(path ? path : "/usr/bin:/bin");
	for (std::string folder; std::getline(folders, folder, ':');)
		if (access((fs::path(folder) / name).c_str(), X_OK) == 0)
			return fs::path(folder) / name;
	return {};
}

// The files in a make rule `target: a b \`, as clang -MD writes it.
std::vector<std::string> parse_rule(const std::string& rule)
{
	std::vector<std::string> files;
	std::string word;
	const std::size_t colon = rule.find(": ");
	for (std::size_t i = colon == std::string::npos ? rule.size() : colon + 2; i <= rule.size(); i++) {
		const char c = i < rule.size() ? rule[i] : ' ';
		if (c == '\\' && i + 1 < rule.size() && rule[i + 1] == ' ') {
			word += ' ';
			i++;
		} else if (c == ' ' || c == '\n' || c == '\\') {
			if (!word.empty())
				files.push_back(std::move(word));
			word.clear();
		} else {
			word += c;
		}
	}
	return files;
}

double ms_since(std::chrono::steady_clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> lines_of(const std::string& text)
{
	std::vector<std::string> lines;
	std::stringstream stream(text);
	for (std::string line; std::getline(stream, line);)
		lines.push_back(line);
	return lines;
}

} // namespace

Compiler::Compiler(const ObjectCache& cache, std::vector<fs::path> include)
    : cache_(cache), hashes_(std::make_unique<FileHashes>(cache)), include_(std::move(include)),
      toolchain_(identify_file(find_program(clang)))
{
}

// Empty when a file is gone: then the object is stale in any case.
std::string Compiler::content_key(const std::string& recipe, const std::vector<std::string>& files) const
{
	Hasher hasher;
	hasher.add(recipe);
	for (const auto& file : files) {
		const auto hash = hashes_->of(file);
		if (!hash)
			return {};
		hasher.add(file).add(*hash);
	}
	return hasher.hex();
}

Compiler::Recipe Compiler::recipe_of(const fs::path& source, const std::vector<std::string>& defines) const
{
	std::vector<std::string> command = {clang};
	command.insert(command.end(), flags.begin(), flags.end());
	for (const auto& folder : include_)
		command.push_back("-I" + folder.string());
	for (const auto& macro : defines)
		command.push_back("-D" + macro);
	// Debian keeps <asm/…> in a folder per architecture that -target bpf does not search.
	command.push_back("-idirafter");
	command.push_back("/usr/include/" NFUP_MULTIARCH);

	Hasher hasher;
	hasher.add(toolchain_).add(source.string());
	for (const auto& word : command)
		hasher.add(word);
	return {std::move(command), hasher.hex()};
}

std::vector<fs::path> Compiler::files_of(const fs::path& source) const
{
	std::vector<fs::path> files = {source};
	if (const auto known = cache_.find_note(recipe_of(source, {}).key))
		for (const auto& file : lines_of(*known))
			files.emplace_back(file);
	return files;
}

std::optional<Object> Compiler::find(const fs::path& source, const std::vector<std::string>& defines) const
{
	const auto start = std::chrono::steady_clock::now();
	const std::string recipe = recipe_of(source, defines).key;
	const auto known = cache_.find_note(recipe);
	if (!known)
		return {};
	const std::string key = content_key(recipe, lines_of(*known));
	auto object = cache_.find(key);
	if (!object)
		return {};
	return Object{*std::move(object), key, false, ms_since(start)};
}

Result<Object> Compiler::compile(const fs::path& source, const std::vector<std::string>& defines) const
{
	if (auto known = find(source, defines))
		return *std::move(known);
	const auto start = std::chrono::steady_clock::now();
	auto [command, recipe] = recipe_of(source, defines);
	const fs::path unique = cache_.scratch(recipe);
	const fs::path made = unique.string() + ".o", rule = unique.string() + ".d";
	command.insert(command.end(), {"-MD", "-MF", rule, "-c", source, "-o", made});
	auto finished = run(command);
	if (!finished)
		return pass(finished);
	auto rule_text = read_file(rule);
	auto content = read_file(made);
	unlink(rule.c_str());
	unlink(made.c_str());
	if (finished->status != 0)
		return fail(ErrorKind::intent, "clang refuses " + source.string() + ":\n" + finished->output,
			    "mend the source; docs/writing-a-module.md has the contract");
	if (!rule_text)
		return pass(rule_text);
	if (!content)
		return pass(content);
	const auto files = parse_rule(*rule_text);
	std::string list;
	for (const auto& file : files)
		list += file + "\n";
	const std::string key = content_key(recipe, files);
	auto object = cache_.store(key, *content);
	if (!object)
		return pass(object);
	if (auto saved = cache_.store_note(recipe, list); !saved)
		return pass(saved);
	return Object{*object, key, true, ms_since(start)};
}

} // namespace nfup::loader
