// SPDX-License-Identifier: BSD-2-Clause
// A class library in memory, with the classes of the whitelist firewall and a
// few made to show one property each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "intent/class_info.h"

namespace nfup::intent::test {

class TestLibrary : public ClassLibrary {
public:
	TestLibrary();
	std::vector<std::string> names() const override;
	Result<const ClassInfo*> find(const std::string& name) override;
	ClassInfo& add(ClassInfo info);

	int finds = 0; // how often a class was asked for

private:
	std::map<std::string, ClassInfo> classes_;
};

Param param(std::string name, std::string type, unsigned size, std::optional<std::string> fallback = {},
	    std::string range = {});

} // namespace nfup::intent::test
