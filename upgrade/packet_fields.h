// SPDX-License-Identifier: BSD-2-Clause
// The layers of a packet and their fields by name, as canaries write them: one
// table to read, print and compare packets by. docs/canary.md shows it to people.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "packet.h"

namespace nfup::packet {

struct Field {
	const char* name;
	const char* takes; // what may be written, for hints
	// False: `text` is no such value, and the layer is as before.
	std::function<bool(Layer&, const std::string& text)> set;
	// As set() takes it; none: left to be computed.
	std::function<std::optional<std::string>(const Layer&)> get;
	// Lets it be computed; null for fields that never are.
	std::function<void(Layer&)> compute;
};

struct LayerInfo {
	const char* name;
	Layer fresh; // every field at its default
	std::vector<Field> fields;
};

// All but Payload, which is written as its bytes.
const std::vector<LayerInfo>& layer_infos();
const LayerInfo* info_of(const Layer& layer);         // null: Payload
const LayerInfo* find_layer(const std::string& name); // null: no such layer
const Field* find_field(const LayerInfo& info, const std::string& name);

// Hex digits, with or without white space, in pairs.
std::optional<Bytes> read_hex(const std::string& text);
std::string write_hex(const Bytes& bytes);

} // namespace nfup::packet
