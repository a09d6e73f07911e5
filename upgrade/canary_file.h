// SPDX-License-Identifier: BSD-2-Clause
// A .canary file: packets in, and what must become of them. docs/canary.md has
// the grammar. Pure: text in, cases out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bpf/drop_reasons.h"
#include "intent/diagnostic.h"
#include "packet.h"

namespace nfup::upgrade {

// A layer as it was written, and which of its fields were.
struct WrittenLayer {
	packet::Layer layer;
	std::vector<std::string> fields;
	std::vector<std::string> right; // those of them that were written as `ok`
};

struct Expectation {
	enum class Verdict { any, forward, drop, pass } verdict = Verdict::any;
	int port = -1;                     // forward: index of the port
	std::optional<drop_reason> reason; // drop: none, any will do
	enum class Output { any, same, same_with, like } output = Output::any;
	std::vector<WrittenLayer> layers; // same_with: what differs; like: what must hold
	std::string text;                 // as written
};

struct CanaryStep {
	int port = 0; // index of the port it comes in by
	packet::Packet packet;
	packet::Bytes frame; // its bytes, cut or padded
	Expectation expect;
	int line = 0;
	std::string text; // the packet as written
};

// State is fresh at the start of a case and kept over its steps.
struct CanaryCase {
	std::string name;
	int line = 0;
	std::vector<CanaryStep> steps;
};

struct CanaryFile {
	std::string file;
	std::vector<CanaryCase> cases;
};

// Sizes that BPF_PROG_TEST_RUN takes for a program without fragments: a page
// less headroom and the tail that the kernel keeps.
constexpr std::size_t min_frame = 14;
constexpr std::size_t max_frame = 3520;

// `ports`: labels by index. `receiving`: which of them packets can come in by.
CanaryFile parse_canary(const std::string& text, const std::string& file, const std::vector<std::string>& ports,
			const std::vector<bool>& receiving, intent::Diagnostics& diagnostics);

const char* reason_name(drop_reason reason);

} // namespace nfup::upgrade
