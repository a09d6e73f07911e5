// SPDX-License-Identifier: BSD-2-Clause
// What tests of the NAT share: the chain of examples/nat.click wired by hand, in
// both directions, and checksums looked at by another sum than the nodes use.
#pragma once

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <ctime>
#include <utility>

#include "bpf/atoms/nat_entry.h"
#include "bpf/atoms/pool_entry.h"
#include "bpf/atoms/session_entry.h"
#include "flow.h"
#include "harness.h"
#include "samples.h"

namespace nfup::test {

constexpr std::uint64_t second = 1'000'000'000, minute = 60 * second;

inline std::uint64_t now()
{
	timespec t{};
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
}

constexpr unsigned tcp = 6, udp = 17, icmp = 1;
constexpr unsigned by_none = 0, by_address = 1, by_port = 2; // filters

inline endpoint at_end(const std::string& address, unsigned port, unsigned proto)
{
	return {inet_addr(address.c_str()), htons(static_cast<std::uint16_t>(port)), static_cast<__u8>(proto), 0};
}

// IP, TCP, UDP and ICMP checksums of the frame, and of the packet that an ICMP
// error quotes: empty, or the first that is wrong. Sums bytes in pairs, from
// scratch.
std::string wrong_checksum(const Bytes& frame, std::size_t ip = 14, bool quoted = false);

class NatTest : public NodeTest {
protected:
	// Where a packet can end up: verdicts of the exits, in this order.
	enum Exit : unsigned {
		outwards,
		inwards,
		no_mapping,
		untranslatable,
		unsolicited,
		exhausted,
		taken,
		no_fragment,
		told
	};

	struct Setup {
		std::string addresses = "192.0.2.1";
		unsigned length = 32;
		PortRange ports{1000, 65535}; // from the port that test packets have
		unsigned filter = by_address;
		// ICMP errors to the hosts, from the address 192.0.2.9
		bool tells = false;
		unsigned mtu = 1500;
	};
	void SetUp() override;
	// Wires the chain anew; the states stay.
	void wire(const Setup& setup);

	Outcome out(const Bytes& frame) { return run(is_fragment(frame) ? part_out_ : from_inside_, frame, start()); }
	Outcome in(const Bytes& frame) { return run(is_fragment(frame) ? part_in_ : from_outside_, frame, start()); }
	// It left by `exit`, as `want`, all checksums right.
	testing::AssertionResult became(const Outcome& outcome, Exit exit, const Bytes& want);
	// It left by `exit` as it came.
	testing::AssertionResult refused(const Outcome& outcome, Exit exit, const Bytes& frame);

	std::optional<nat_entry> mapping(const endpoint& inside);
	std::optional<pool_entry> lease(const endpoint& outside); // none: it is over
	std::optional<session_entry> session(const endpoint& outside, const std::string& peer, unsigned port);
	void set(const endpoint& outside, const pool_entry& lease);
	void set(const endpoint& inside, const nat_entry& entry);
	// As if the lease, its mapping and sessions had last been used that long ago.
	void age(const endpoint& outside, std::uint64_t by);
	// Of the last node of that class.
	std::uint64_t counted(const std::string& cls, node_event event)
	{
		return events(nodes_.at(last_.at(cls)), event);
	}
	std::map<std::string, std::uint64_t> dropped_by(const std::string& cls)
	{
		return drops(nodes_.at(last_.at(cls)));
	}
	std::size_t entries(const std::string& state, std::size_t key_size);

	const endpoint host_tcp = at_end("10.0.0.1", 1000, tcp);

private:
	static pkt start()
	{
		pkt p{};
		p.cursor = 14;
		return p;
	}
	// As the Classifiers behind the ports see it.
	static bool is_fragment(const Bytes& frame) { return frame.size() < 22 || (frame[20] & 0x3f) || frame[21]; }
	void add(unsigned slot, const std::string& cls, const std::vector<unsigned>& out, const Params& params = {});

	std::vector<Object> nodes_; // earlier ones are kept
	std::map<std::string, std::size_t> last_;
	Object from_inside_, from_outside_, part_out_, part_in_;
};

} // namespace nfup::test
