// SPDX-License-Identifier: BSD-2-Clause
// Guards: what must hold of the traffic after an upgrade, compared with before.
// Pure: text and counters in, verdicts out. docs/upgrade-protocol.md describes
// the language.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bpf/drop_reasons.h"
#include "intent/result.h"

namespace nfup::upgrade {

struct Guard {
	enum class Metric { drops, forwarded, misses, packets };
	enum class Op { less, at_most, more, at_least, equal };

	std::string text; // as written, without blanks around it
	Metric metric = Metric::drops;
	std::string node; // empty: the whole NF
	int reason = -1;  // enum drop_reason; -1: all
	Op op = Op::less;
	bool relative = false; // the limit is before × factor + offset, else offset
	double factor = 1;
	double offset = 0; // shares: 0 to 1; misses: packets; packets: a second

	bool is_share() const { return metric == Metric::drops || metric == Metric::forwarded; }
};

// What --watch does when nobody gives a guard.
extern const char default_guards[];

// Guards with commas between them. Error (kind intent): what is wrong, with the
// column and a caret.
Result<std::vector<Guard>> parse_guards(const std::string& text);

// Error (kind intent): a guard names a node that is not among `nodes`.
Result<void> check_nodes(const std::vector<Guard>& guards, const std::vector<std::string>& nodes);

struct NodeTraffic {
	std::uint64_t packets = 0;
	std::array<std::uint64_t, NFUP_DROP_COUNT> drops{}; // packets, by enum drop_reason
	bool last = false;                                  // packets leave the NF here
};

// Counters by node, `ingress` and `root` among them: absolute, or over a time.
struct Window {
	double seconds = 0;
	// Packets that came in while the counters were read one after the other: so
	// many may be counted at one node and not yet at another.
	std::uint64_t blur = 0;
	std::map<std::string, NodeTraffic> nodes;

	std::uint64_t packets(const std::string& node = "") const; // empty: into the NF
};

Window between(const Window& earlier, const Window& later);

struct Before {
	Window recent;   // right before the flip
	Window lifetime; // since the NF was attached: for shares, when `recent` saw too little
};

struct Verdict {
	std::string guard;
	const char* unit = "%";       // of value and limit: "%", "packets", "packets/s"
	std::optional<double> value;  // none: nothing to measure
	std::optional<double> limit;  // with the allowance for chance; none: nothing known of before
	std::optional<double> before; // of a guard that compares with it
	bool ok = true;               // also when not tested
	std::string note;             // not ok: the figures and the main cause; else why it was hardly tested
};

// `final`: the watch is over. Before that only what no later packet could mend,
// or what chance cannot explain, is not ok.
Verdict judge(const Guard& guard, const Before& before, const Window& during, bool final);

} // namespace nfup::upgrade
