// SPDX-License-Identifier: BSD-2-Clause
#include "skeleton.h"

#include <algorithm>
#include <cctype>

namespace nfup::tools {

namespace {

constexpr const char* module_class = R"(/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"

/* C type, name, how the operator writes it (docs/language.md), default or
 * REQUIRED, range, meaning. In the intent: @NAME@(1000), or @NAME@(MAX 1000). */
NFUP_PARAM(__u32, MAX, "size", "1514", "14..9000", "longest frame, in bytes");

/* Output 0, 1 …; the ? says that the output may stay unconnected. */
NFUP_OUTPUTS("out, long?");

NFUP_MODULE(@NAME@, "Frames of more than MAX bytes leave by output 1, or are dropped")
{
	/* at(): that many bytes of the frame from an offset, or NULL: it is shorter. */
	if (at(ctx, MAX, 1))
		return NEXT_OR_DROP(1, NFUP_DROP_DISCARD);
	return NEXT(0);
}
)";

constexpr const char* module_intent = R"(// @NAME@ between two devices; what comes back goes straight through.
FromDevice(p1) -> @NAME@(MAX 1514) -> ToDevice(p2);
FromDevice(p2) -> ToDevice(p1);
)";

constexpr const char* module_canary = R"(# The test of @NAME@: what must become of these packets before each attach and
# upgrade. docs/canary.md has the language.
let host = Ethernet() / IPv4(src=10.0.0.1, dst=10.0.0.2) / UDP(sport=1000, dport=2000)

case "short enough"
	p1: host / "hello"            => forward to p2, same
	p1: host / "x" pad to 1514    => forward to p2, same

case "too long"
	p1: host / "x" pad to 1515    => drop discard

case "what comes back"
	p2: host / "hello"            => forward to p1, same
)";

constexpr const char* atom_state = R"(/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state @STATE@: one entry per flow. Every atom that includes this shares it,
 * and it stays where it is over upgrades: nothing is copied. Another layout here
 * is another schema, which an upgrade refuses unless told what to do. */
#ifndef @STATE@_H
#define @STATE@_H

#include "nfup.h"

struct @NAME@_entry {
	__u64 packets;
	nfup_time last_seen;
};
NFUP_ASSERT(sizeof(struct @NAME@_entry) == 16, "no padding in a map value");

/* Map type, key, value, how many. LRU: when it is full, the flow that was not
 * seen for longest makes room. */
NFUP_STATE(@STATE@, BPF_MAP_TYPE_LRU_HASH, struct flow_key, struct @NAME@_entry, 65536);

#endif
)";

constexpr const char* atom_class = R"(/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "@NAME@_state.h"

/* Output 0, 1 … */
NFUP_OUTPUTS("known, fresh");

/* p->flow must be filled in: some node in front provides this, on every path. */
NFUP_REQUIRES("five-tuple");

NFUP_ATOM(@NAME@, "Counts the packets of each flow; those of a new flow leave by output 1")
{
	struct @NAME@_entry *entry = state_lookup(@STATE@, &p->flow), fresh = {1, 0};

	if (entry) {
		/* Two CPUs may see packets of one flow at once. */
		__sync_fetch_and_add(&entry->packets, 1);
		entry->last_seen = bpf_ktime_get_ns();
		return NEXT(0);
	}
	fresh.last_seen = bpf_ktime_get_ns();
	if (state_insert(@STATE@, &p->flow, &fresh, BPF_ANY))
		return DROP(TABLE_FULL);
	return NEXT(1);
}
)";

constexpr const char* atom_intent =
    R"(// @NAME@ for IPv4 from p1; everything else, and what comes back, goes straight through.
out :: ToDevice(p2);
c :: Classifier(12/0800, -);
flows :: @NAME@;

FromDevice(p1) -> c;
c [0] -> Strip(14) -> CheckIPHeader -> flows;    // provides five-tuple
c [1] -> out;
flows [0] -> out;
flows [1] -> fresh :: Counter -> out;    // nfup status shows how many
FromDevice(p2) -> ToDevice(p1);
)";

constexpr const char* atom_canary = R"(# The test of @NAME@: what must become of these packets before each attach and
# upgrade. The state is empty at the start of each case. docs/canary.md has the language.
let host = Ethernet() / IPv4(src=10.0.0.1, dst=10.0.0.2) / UDP(sport=1000, dport=2000)

case "a flow, new and then known"
	p1: host / "first"     => forward to p2, same
	p1: host / "second"    => forward to p2, same

case "what is not IPv4"
	p1: Ethernet() / ARP() => forward to p2, same

case "what comes back"
	p2: host / "hello"     => forward to p1, same
)";

std::string fill(std::string text, const std::string& cls)
{
	std::string state = cls + "_FLOWS";
	std::ranges::transform(state, state.begin(), [](unsigned char c) { return std::toupper(c); });
	for (const auto& [hole, word] : {std::pair<std::string, std::string>{"@NAME@", cls}, {"@STATE@", state}})
		for (std::size_t at = 0; (at = text.find(hole, at)) != std::string::npos; at += word.size())
			text.replace(at, hole.size(), word);
	return text;
}

} // namespace

std::vector<SkeletonFile> skeleton(const std::string& kind, const std::string& cls)
{
	const bool atom = kind == "atom";
	std::vector<SkeletonFile> files = {{cls + ".bpf.c", fill(atom ? atom_class : module_class, cls)}};
	if (atom)
		files.push_back({cls + "_state.h", fill(atom_state, cls)});
	files.push_back({cls + ".click", fill(atom ? atom_intent : module_intent, cls)});
	files.push_back({cls + ".canary", fill(atom ? atom_canary : module_canary, cls)});
	return files;
}

} // namespace nfup::tools
