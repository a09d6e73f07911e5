// SPDX-License-Identifier: BSD-2-Clause
// A folder that goes with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace nfup::test {

class TempFolder {
public:
	TempFolder()
	{
		char name[] = "/tmp/nfup-unit.XXXXXX"; // mkdtemp fills it in
		if (!mkdtemp(name))
			throw std::runtime_error("no folder for the test can be made in /tmp");
		path = name;
	}
	~TempFolder()
	{
		std::error_code ignored;
		std::filesystem::remove_all(path, ignored);
	}
	TempFolder(const TempFolder&) = delete;
	TempFolder& operator=(const TempFolder&) = delete;

	std::filesystem::path path;
};

} // namespace nfup::test
