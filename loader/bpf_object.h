// SPDX-License-Identifier: BSD-2-Clause
// libbpf's objects, owned; and libbpf's log kept instead of printed.
#pragma once

#include <bpf/libbpf.h>
#include <filesystem>
#include <memory>
#include <string>

#include "intent/result.h"

namespace nfup::loader {

struct ObjectDeleter {
	void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using BpfObject = std::unique_ptr<bpf_object, ObjectDeleter>;

// Parses the ELF file; nothing reaches the kernel.
Result<BpfObject> open_object(const std::filesystem::path& path, const std::string& name);

// The map of the object's constants; or none.
bpf_map* rodata_of(const bpf_object* object);

// bpf_object__load, with the constants put into the instructions of programs in the
// section `xdp` (fold.h).
int load_folded(bpf_object* object);

// From now on libbpf's warnings are kept, not printed.
void keep_libbpf_log();

// libbpf's warnings on this thread since the last call, the verifier's log among them.
std::string take_libbpf_log();

} // namespace nfup::loader
