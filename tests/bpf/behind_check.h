// SPDX-License-Identifier: BSD-2-Clause
// A node behind the header check of the packet's family: offsets and flow are what
// they are in a real chain.
#pragma once

#include "harness.h"

namespace nfup::test {

class BehindCheck : public NodeTest {
protected:
	static constexpr unsigned node_slot = 70;

	void SetUp() override
	{
		NodeTest::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		check4_ = load("CheckIPHeader", Params().set("CHECKSUM", std::uint8_t{1}), {node_slot, no_slot});
		check6_ = load("CheckIP6Header", {}, {node_slot, no_slot});
	}
	void use(const std::string& cls, const Params& params = {}, const std::vector<unsigned>& out = {})
	{
		node_ = load(cls, params, out);
		put(node_slot, node_.program);
	}
	// What the node makes of it; its drops are among the outcome's.
	Outcome send(const Bytes& frame, unsigned link_header = 14)
	{
		pkt start{};
		start.cursor = static_cast<__u16>(link_header);
		const auto before = drops(node_);
		Outcome outcome = run(frame[link_header] >> 4 == 6 ? check6_ : check4_, frame, start);
		for (const auto& [reason, count] : drops(node_))
			if (const auto old = before.find(reason); old == before.end() || old->second < count)
				outcome.drops[reason] += count - (old == before.end() ? 0 : old->second);
		return outcome;
	}
	Object node_;

private:
	Object check4_, check6_;
};

} // namespace nfup::test
