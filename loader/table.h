// SPDX-License-Identifier: BSD-2-Clause
// Tables (NFUP_TABLE): maps that are constants. Made and filled from bytes; frozen
// once the program is loaded: then neither programs nor tools can change them.
#pragma once

#include <bpf/libbpf.h>
#include <cstdint>
#include <span>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

// `content`: as intent::TableContent; as many entries as it has, at least one.
Result<Fd> make_table(const bpf_map* declaration, std::span<const std::uint8_t> content);

// Not before the program is loaded: of a frozen array the verifier reads the
// values itself, and gives up (ENOTSUPP) where there is more than one.
Result<void> freeze_table(const Fd& table);

} // namespace nfup::loader
