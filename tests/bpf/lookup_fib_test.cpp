// SPDX-License-Identifier: BSD-2-Clause
// LookupFIB, with routes and neighbours in a network namespace of the test's own.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>

#include <cstdlib>

#include "behind_check.h"
#include "flow.h"
#include "lists.h"

namespace nfup::test {
namespace {

class LookupFIB : public BehindCheck {
protected:
	void SetUp() override
	{
		BehindCheck::SetUp();
		if (IsSkipped() || HasFatalFailure())
			return;
		if (std::system("command -v ip >/dev/null") != 0)
			GTEST_SKIP() << "needs iproute2";
		home_ = Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
		ASSERT_EQ(unshare(CLONE_NEWNET), 0) << std::strerror(errno);
		// Test runs come in by lo.
		configure("ip link set lo up; echo 1 >/proc/sys/net/ipv4/conf/all/forwarding;"
			  "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
		for (const char* device : {"d1", "d2", "d3"})
			configure(std::string("d=") + device +
				  "; ip link add $d mtu 1300 type veth peer name peer-$d;"
				  "ip link set $d up; ip link set peer-$d up");
		configure("ip link set d2 address 02:00:00:00:00:12;"
			  "ip address add 10.9.2.1/24 dev d2; ip address add fd09:2::1/64 dev d2 nodad;"
			  "ip address add 10.9.3.1/24 dev d3;"
			  "ip neighbour add 10.9.2.2 lladdr 02:00:00:00:00:22 dev d2 nud permanent;"
			  "ip neighbour add fd09:2::2 lladdr 02:00:00:00:00:26 dev d2 nud permanent;"
			  "ip neighbour add 10.9.3.2 lladdr 02:00:00:00:00:32 dev d3 nud permanent;"
			  "ip route add 192.0.2.0/24 via 10.9.2.2; ip route add 192.0.2.128/25 via 10.9.3.2;"
			  "ip route add blackhole 198.51.100.0/24; ip -6 route add 2001:db8::/32 via fd09:2::2");
		for (std::uint32_t port : {1u, 2u}) { // d3 is none of ours
			std::uint32_t ifindex = if_nametoindex(port == 1 ? "d1" : "d2");
			ASSERT_EQ(bpf_map_update_elem(ports(), &port, &ifindex, BPF_ANY), 0) << std::strerror(errno);
		}
		use("LookupFIB", devices({1, 2}));
	}
	void TearDown() override
	{
		if (home_.get() >= 0)
			setns(home_.get(), CLONE_NEWNET);
	}
	static void configure(const std::string& commands)
	{
		ASSERT_EQ(std::system(("set -e; " + commands).c_str()), 0) << commands;
	}
	// By d2, the second of the ports, with addresses of its link.
	testing::AssertionResult forwarded(const Bytes& frame, std::uint8_t neighbour)
	{
		Bytes want = frame;
		const Bytes link{2, 0, 0, 0, 0, neighbour, 2, 0, 0, 0, 0, 0x12};
		std::copy(link.begin(), link.end(), want.begin());
		return left(send(frame), 2, want);
	}

private:
	Fd home_;
};

TEST_F(LookupFIB, ForwardsByTheKernelsTables)
{
	EXPECT_TRUE(forwarded(Ethernet{} / IPv4{.dst = "10.9.2.2"} / UDP{}, 0x22));
	EXPECT_TRUE(forwarded(Ethernet{} / IPv4{.dst = "192.0.2.1"} / TCP{}, 0x22));
	EXPECT_TRUE(forwarded(Ethernet{} / IPv6{.dst = "fd09:2::2"} / UDP{}, 0x26));
	EXPECT_TRUE(forwarded(Ethernet{} / IPv6{.dst = "2001:db8::7"} / ICMP6{}, 0x26));
	EXPECT_TRUE(forwarded(Ethernet{} / IPv4{.dst = "192.0.2.1"} / UDP{} / Payload::of(1272), 0x22));
	configure("ip route change 192.0.2.0/24 via 10.9.2.3 dev d2;"
		  "ip neighbour add 10.9.2.3 lladdr 02:00:00:00:00:23 dev d2 nud permanent");
	EXPECT_TRUE(forwarded(Ethernet{} / IPv4{.dst = "192.0.2.1"} / TCP{}, 0x23));
}

TEST_F(LookupFIB, LeavesTheRestToTheHost)
{
	const std::vector<Bytes> others{
	    Ethernet{} / IPv4{.dst = "10.9.2.1"} / UDP{},    // the host itself
	    Ethernet{} / IPv4{.dst = "10.9.2.3"} / UDP{},    // nobody knows its link-layer address
	    Ethernet{} / IPv4{.dst = "203.0.113.1"} / UDP{}, // no route
	    Ethernet{} / IPv4{.dst = "198.51.100.1"} / UDP{},
	    Ethernet{} / IPv4{.dst = "10.9.3.2"} / UDP{}, // through a device that is no port
	    Ethernet{} / IPv4{.dst = "192.0.2.129"} / UDP{},
	    Ethernet{} / IPv4{.dst = "192.0.2.1"} / UDP{} / Payload::of(1273), // too big
	    Ethernet{} / IPv6{.dst = "2001:db8::7"} / UDP{} / Payload::of(1253),
	    Ethernet{} / IPv6{.dst = "fd09:2::1"} / UDP{},
	    Ethernet{} / IPv6{.dst = "fd09:2::3"} / UDP{},
	    Ethernet{} / IPv6{.dst = "2001:db9::7"} / UDP{},
	    Ethernet{} / IPv6{.dst = "ff02::1"} / UDP{},
	    Ethernet{} / IPv4{.dst = "224.0.0.1"} / UDP{},
	};
	for (const Bytes& frame : others)
		EXPECT_TRUE(left(send(frame), 0, frame));
	configure("echo 0 >/proc/sys/net/ipv4/conf/all/forwarding");
	const Bytes frame = Ethernet{} / IPv4{.dst = "10.9.2.2"} / UDP{};
	EXPECT_TRUE(left(send(frame), 0, frame));
}

} // namespace
} // namespace nfup::test
