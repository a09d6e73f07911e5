// SPDX-License-Identifier: BSD-2-Clause
// What a source says of itself: the tags that the macros of bpf/nfup.h and
// bpf/functionality.h leave in its object's BTF.
#pragma once

#include <bpf/btf.h>
#include <filesystem>
#include <string>
#include <vector>

#include "intent/class_info.h"
#include "intent/result.h"

namespace nfup::loader {

// NFUP_TAG("nfup.WHAT=VALUE") on the declaration TARGET.
struct Tag {
	std::string what, value, target;
};

std::vector<Tag> read_tags(const btf* types);

// "a, b" → a, b
std::vector<std::string> split_list(const std::string& text);

// "ip-header, tcp-header@0"; `owner` is for the error (kind intent).
Result<std::vector<intent::Fact>> parse_facts(const std::string& text, const std::string& owner);

struct BtfDeleter {
	void operator()(btf* types) const { btf__free(types); }
};
using Btf = std::unique_ptr<btf, BtfDeleter>;

// Of an object that need not be linked yet. Error (kind intent): it has none.
Result<Btf> read_btf(const std::filesystem::path& object);

} // namespace nfup::loader
