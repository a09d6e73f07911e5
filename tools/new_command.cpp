// SPDX-License-Identifier: BSD-2-Clause
// new: the first files of a class of one's own.
#include <algorithm>
#include <cctype>
#include <iostream>

#include "cli.h"
#include "loader/files.h"
#include "skeleton.h"

namespace nfup::tools {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_name = 15; // that the kernel keeps of a program's name

// A capital and a small letter: no C keyword, no macro of nfup.h.
Result<void> check_name(const std::string& name)
{
	const auto all = [&](auto holds) {
		return std::ranges::all_of(name, holds);
	};
	if (name.empty() || !std::isupper(static_cast<unsigned char>(name[0])) || name.size() > longest_name ||
	    !all([](unsigned char c) { return std::isalnum(c) || c == '_'; }) ||
	    all([](unsigned char c) { return !std::islower(c); }))
		return fail(ErrorKind::intent, "'" + name + "' is no name for a class",
			    "a capital, then letters, small ones among them, digits and _: at most " +
				std::to_string(longest_name) + ", as in DropLong");
	return {};
}

Result<std::vector<std::string>> write_skeleton(const fs::path& folder, const std::vector<SkeletonFile>& files)
{
	std::error_code error;
	for (const auto& file : files)
		if (fs::exists(fs::symlink_status(folder / file.name, error)))
			return fail(ErrorKind::intent, (folder / file.name).string() + " exists already",
				    "take another name, or remove it");
	std::vector<std::string> written;
	for (const auto& file : files) {
		const fs::path path = folder / file.name;
		if (auto saved = write_file(path, file.text, false); !saved) {
			for (const auto& half : written)
				fs::remove(half, error);
			return pass(saved);
		}
		written.push_back(path.string());
	}
	return written;
}

} // namespace

int run_new(const Cli& cli)
{
	const std::string &kind = cli.words[0], &name = cli.words[1];
	if (kind != "module" && kind != "atom")
		return report(cli, {ErrorKind::intent, "there is no kind '" + kind + "'",
				    "nfup new module NAME, or nfup new atom NAME: docs/writing-a-module.md"});
	if (auto good = check_name(name); !good)
		return report(cli, good.error());
	const fs::path folder = cli.options["dir"].as<std::string>();
	std::error_code error;
	if (!fs::is_directory(folder, error))
		return report(cli, {ErrorKind::intent, "--dir " + folder.string() + " is no folder",
				    "mkdir -p " + folder.string()});
	auto library = cli.library();
	if (!library)
		return report(cli, library.error());
	const auto taken = library->names();
	if (std::ranges::find(taken, name) != taken.end())
		return report(cli, {ErrorKind::intent, "there is a class " + name + " already",
				    "take another name; nfup classes " + name + " shows it"});
	const auto written = write_skeleton(folder, skeleton(kind, name));
	if (!written)
		return report(cli, written.error());

	const std::string lib = "nfup --lib " + folder.string() + " ";
	const std::string intent = (folder / (name + ".click")).string();
	const std::vector<std::string> next = {
	    lib + "check " + intent,
	    lib + "attach " + intent + " --name test --dev p1=eth0 --dev p2=eth1",
	    lib + "upgrade test " + intent + " --follow",
	};
	if (cli.as_json) {
		print_json({{"ok", true}, {"class", name}, {"kind", kind}, {"files", *written}, {"next", next}});
		return 0;
	}
	for (const auto& file : *written)
		std::cout << "wrote " << file << "\n";
	std::cout << "\nnext:\n";
	for (const auto& command : next)
		std::cout << "  " << command << "\n";
	return 0;
}

} // namespace nfup::tools
