// SPDX-License-Identifier: BSD-2-Clause
// From one layout of a state's values to another: which converters there are
// (bpf/migrate.h), which of them lead there, and the BPF sources that a migration
// needs beside the atoms.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <bpf/btf.h>
#include <linux/bpf.h>

#include "schema.h"

namespace nfup::statemaps {

struct Converter {
	std::string function;
	std::string from_type, to_type; // names of the structs
	std::vector<Field> from, to;    // their layouts, paths from "value" on
};

// NFUP_CONVERT(STATE, …) in an object that was compiled from reader_source().
std::vector<Converter> converters_of(const btf* types, const std::string& state);

// The shortest chain from one layout to another; empty when they are the same. None:
// no chain leads there.
std::optional<std::vector<Converter>> find_way(const std::vector<Converter>& converters, const std::vector<Field>& from,
					       const std::vector<Field>& to);

// Of a schema, the fields of the value.
std::vector<Field> value_layout(const Schema& schema);

// Why entries cannot move from one map to the other, whatever converters there are:
// another key, a type without keys. Empty: they can.
std::string obstacle(const Schema& from, const Schema& to);

// A source whose BTF tells converters_of() what a file has.
std::string reader_source(const std::filesystem::path& converters);

// A source that defines STATE__convert: the chain's functions one after the other. An
// empty chain copies `size` bytes and needs no file.
std::string converter_source(const std::string& state, const std::filesystem::path& converters,
			     const std::vector<Converter>& way, std::uint32_t size);

// A source for the sweeper (bpf/sweep.h), to be linked with a converter. `to`: the
// schema that entries get.
std::string sweeper_source(const std::string& state, const Schema& to);

} // namespace nfup::statemaps
