// SPDX-License-Identifier: BSD-2-Clause
// A hop into an empty slot is counted and aborts, at every output of every class.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "atom_fixture.h"
#include "bpf/atoms/fsm_entry.h"
#include "bpf/atoms/whitelist_entry.h"
#include "samples.h"

namespace nfup::test {
namespace {

const std::map<std::string, std::uint64_t> one_miss{{"tail-call-miss", 1}};

class Miss : public AtomTest {
protected:
	static constexpr unsigned empty = 60;

	// With only `output` leading to an empty slot.
	testing::AssertionResult misses(const std::string& cls, unsigned output, const Bytes& packet, const pkt& p)
	{
		std::vector<unsigned> out;
		for (unsigned i = 0; i < NFUP_MAX_OUTPUTS; i++)
			out.push_back(i == output ? empty : first_exit_slot + i);
		auto node = load(cls, sample_params(cls), out);
		auto outcome = run(node, packet, p);
		if (outcome.verdict != XDP_ABORTED || outcome.drops != one_miss)
			return testing::AssertionFailure() << cls << ": " << outcome;
		return testing::AssertionSuccess();
	}
};

TEST_F(Miss, Modules)
{
	pkt p = context(key), start{};
	start.cursor = 14;
	Bytes bad = frame(ACK);
	bad.back() ^= 1;
	bad[30] ^= 1;
	for (const char* cls : {"FromDevice", "Null", "Counter", "Strip"})
		EXPECT_TRUE(misses(cls, 0, frame(ACK), start));
	EXPECT_TRUE(misses("CheckIPHeader", 0, frame(ACK), start));
	EXPECT_TRUE(misses("CheckIPHeader", 1, bad, start));
	EXPECT_TRUE(misses("CheckIP6Header", 0, Ethernet{} / IPv6{} / TCP{}, start));
	EXPECT_TRUE(misses("CheckIP6Header", 1, frame(ACK), start));
	for (int i = 0; i < FILTER_MAX_OUTPUTS; i++) { // sample_rules
		pkt q = p;
		q.flags = PKT_HAS_PORTS;
		q.flow.dport = htons(static_cast<std::uint16_t>(1000 + i));
		EXPECT_TRUE(misses("IPFilter", static_cast<unsigned>(i), frame(ACK), q));
		EXPECT_TRUE(misses("IPClassifier", static_cast<unsigned>(i), frame(ACK), q));
	}
	p.ethertype = htons(0x0800);
	EXPECT_TRUE(misses("CheckTCPHeader", 0, frame(ACK), p));
	EXPECT_TRUE(misses("CheckTCPHeader", 1, bad, p));
	for (std::uint8_t i = 0; i < CLASSIFIER_MAX_PATTERNS; i++)
		EXPECT_TRUE(
		    misses("Classifier", i, Ethernet{} / Payload(Bytes{i, 1, 2, 3, 1, 2, 3, 0, 0, 0, 5, 0}), {}));
}

TEST_F(Miss, Atoms)
{
	pkt p = context(key);
	EXPECT_TRUE(misses("ReadWL", 1, frame(ACK), p));
	wl_entry entry{.created = now(), .last_seen = now(), .closing = WL_OPEN, .checked = 0};
	ASSERT_EQ(bpf_map_update_elem(state("WL"), &key, &entry, BPF_ANY), 0);
	EXPECT_TRUE(misses("ReadWL", 0, frame(ACK), p));
	EXPECT_TRUE(misses("WriteWL", 0, frame(ACK), p));
	EXPECT_TRUE(misses("ReadFSM", 0, frame(SYN), p));
	EXPECT_TRUE(misses("ReadFSM", 1, frame(ACK), p));
	EXPECT_TRUE(misses("WriteFSM", 0, frame(SYN), p));
	EXPECT_TRUE(misses("ReadFSM", 2, frame(ACK), p));
}

} // namespace
} // namespace nfup::test
