// SPDX-License-Identifier: BSD-2-Clause
#include "scratch_pins.h"

#include "loader/bpffs.h"

namespace nfup::upgrade {
namespace fs = std::filesystem;

std::optional<Fd> ScratchPins::find(const std::string& name)
{
	if (folder_.empty())
		return {};
	auto found = loader::find_pin(folder_ / name);
	if (!found || !*found)
		return {};
	used_.insert(name);
	return std::move(*found);
}

void ScratchPins::keep(const std::string& name, int fd)
{
	if (folder_.empty() || !loader::make_pin_folder(folder_))
		return;
	const fs::path path = folder_ / name;
	if (loader::remove_pins(path) && loader::pin(fd, path))
		used_.insert(name);
}

void ScratchPins::clear()
{
	used_.clear();
	// What would not go is not found either: its name would lead to old maps.
	if (!folder_.empty() && !loader::remove_pins(folder_))
		folder_.clear();
}

std::set<std::string> ScratchPins::drop_unused()
{
	std::set<std::string> dropped;
	std::error_code error;
	if (folder_.empty())
		return dropped;
	for (const auto& entry : fs::directory_iterator(folder_, error))
		if (const std::string name = entry.path().filename();
		    !used_.contains(name) && loader::remove_pins(entry))
			dropped.insert(name);
	return dropped;
}

} // namespace nfup::upgrade
