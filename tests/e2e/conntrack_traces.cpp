// SPDX-License-Identifier: BSD-2-Clause
#include "conntrack_traces.h"

#include <functional>
#include <random>

namespace e2e {
namespace {

using namespace nfup::packet;

const Bytes sack_ok{4, 2, 1, 1};

Bytes scale_option(unsigned by)
{
	return {3, 3, static_cast<std::uint8_t>(by), 1};
}

Bytes sack_option(std::uint32_t left, std::uint32_t right)
{
	Bytes b{1, 1, 5, 10};
	for (std::uint32_t edge : {left, right})
		for (unsigned shift : {24u, 16u, 8u, 0u})
			b.push_back(static_cast<std::uint8_t>(edge >> shift));
	return b;
}

// A trace under way: the opener is `a`, the one it calls `b`.
class Script {
public:
	Script(std::string name, int family, bool a_inside, std::uint16_t port)
	    : family_(family), a_inside_(a_inside), port_(port)
	{
		trace_.name = std::move(name) + (family == 6 ? "/6" : "/4") + (a_inside ? "/inside" : "/outside");
	}
	bool six() const { return family_ == 6; }
	std::uint16_t port() const { return port_; }
	std::string a_address() const { return address(a_inside_); }
	std::string b_address() const { return address(!a_inside_); }
	Trace take() { return std::move(trace_); }

	Packet ip(bool from_a, std::uint8_t proto = 0) const
	{
		const std::string src = from_a ? a_address() : b_address(), dst = from_a ? b_address() : a_address();
		const Auto<std::uint8_t> next = proto ? Auto<std::uint8_t>(proto) : Auto<std::uint8_t>();
		if (six())
			return Ethernet{} / IPv6{.src = src, .dst = dst, .next = next};
		return Ethernet{} / IPv4{.src = src, .dst = dst, .proto = next};
	}
	void send(bool from_a, std::vector<Bytes> frames, std::string what, std::string traits = "")
	{
		trace_.steps.push_back({from_a == a_inside_, std::move(frames), std::move(what), std::move(traits)});
	}
	void send(bool from_a, const Packet& packet, std::string what, std::string traits = "")
	{
		send(from_a, std::vector<Bytes>{packet.bytes()}, std::move(what), std::move(traits));
	}
	void a(TCP tcp, std::size_t payload = 0) { segment(true, std::move(tcp), payload); }
	void b(TCP tcp, std::size_t payload = 0) { segment(false, std::move(tcp), payload); }
	// a's numbers begin at 1000, b's at 5000.
	void handshake(std::uint16_t window = 1000, const Bytes& options = {})
	{
		a({.flags = SYN, .seq = 1000, .ack = 0, .options = options, .window = window});
		b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .options = options, .window = window});
		a({.seq = 1001, .ack = 5001, .window = window});
	}

private:
	std::string address(bool inside) const
	{
		if (six())
			return inside ? inside6 : outside6;
		return inside ? inside4 : outside4;
	}
	static std::string describe(const TCP& tcp, std::size_t payload)
	{
		std::string flags;
		for (auto [bit, letter] :
		     {std::pair{SYN, 'S'}, {FIN, 'F'}, {RST, 'R'}, {ACK, 'A'}, {PSH, 'P'}, {URG, 'U'}})
			if (tcp.flags & bit)
				flags += letter;
		return "[" + flags + "] seq " + std::to_string(tcp.seq) + " ack " + std::to_string(tcp.ack) + " win " +
		       std::to_string(tcp.window) + " len " + std::to_string(payload);
	}
	void segment(bool from_a, TCP tcp, std::size_t payload)
	{
		tcp.sport = from_a ? port_ : 80;
		tcp.dport = from_a ? 80 : port_;
		// a SYN sent again, before anything else, without the options of the first
		const bool bare =
		    tcp.flags == SYN && tcp.options.empty() && offered_[from_a] && trace_.steps.size() < 3;
		offered_[from_a] |= tcp.flags == SYN && !tcp.options.empty();
		send(from_a, ip(from_a) / tcp / Payload::of(payload), describe(tcp, payload),
		     bare ? "syn-without-options" : "");
	}

	int family_;
	bool a_inside_;
	std::uint16_t port_;
	bool offered_[2]{};
	Trace trace_;
};

void tcp_traces(const std::function<void(const char*, std::function<void(Script&)>)>& trace)
{
	trace("open-data-close", [](Script& s) {
		s.handshake();
		s.a({.flags = PSH | ACK, .seq = 1001, .ack = 5001, .window = 1000}, 200);
		s.b({.seq = 5001, .ack = 1201, .window = 1000}, 900);
		s.a({.flags = FIN | ACK, .seq = 1201, .ack = 5901, .window = 1000});
		s.b({.seq = 5901, .ack = 1202, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 5901, .ack = 1202, .window = 1000});
		s.a({.seq = 1202, .ack = 5902, .window = 1000});
		s.a({.seq = 1202, .ack = 5902, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 5901, .ack = 1202, .window = 1000});
	});
	trace("fins-cross", [](Script& s) {
		s.handshake();
		s.a({.flags = FIN | ACK, .seq = 1001, .ack = 5001, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 5001, .ack = 1001, .window = 1000});
		s.a({.seq = 1002, .ack = 5002, .window = 1000});
		s.b({.seq = 5002, .ack = 1002, .window = 1000});
	});
	trace("half-close", [](Script& s) {
		s.handshake();
		s.a({.flags = FIN | ACK, .seq = 1001, .ack = 5001, .window = 1000});
		s.b({.seq = 5001, .ack = 1002, .window = 1000}, 500);
		s.a({.seq = 1002, .ack = 5501, .window = 1000});
		s.b({.seq = 5501, .ack = 1002, .window = 1000}, 500);
		s.b({.flags = FIN | ACK, .seq = 6001, .ack = 1002, .window = 1000});
		s.a({.seq = 1002, .ack = 6002, .window = 1000});
	});
	trace("reopened", [](Script& s) {
		s.handshake();
		s.a({.flags = FIN | ACK, .seq = 1001, .ack = 5001, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 5001, .ack = 1002, .window = 1000});
		s.a({.seq = 1002, .ack = 5002, .window = 1000});
		s.a({.flags = SYN, .seq = 90000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 70000, .ack = 90001, .window = 1000});
		s.a({.seq = 90001, .ack = 70001, .window = 1000}, 100);
		s.b({.flags = RST, .seq = 70001, .ack = 0});
		s.b({.flags = SYN, .seq = 123, .ack = 0});
		s.a({.flags = SYN, .seq = 200000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 300000, .ack = 200001, .window = 1000});
	});
	trace("reset-then-reopened", [](Script& s) {
		s.handshake();
		s.a({.flags = RST, .seq = 1001, .ack = 0});
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 10);
		s.a({.flags = SYN, .seq = 7000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 8000, .ack = 7001, .window = 1000});
		s.a({.seq = 7001, .ack = 8001, .window = 1000});
	});
	trace("syn-on-open", [](Script& s) {
		s.handshake();
		s.a({.flags = SYN, .seq = 1500, .ack = 0, .window = 1000});
		s.b({.seq = 5001, .ack = 1001, .window = 1000});
		s.b({.flags = SYN, .seq = 5500, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5500, .ack = 1001, .window = 1000});
		s.a({.flags = SYN | ACK, .seq = 1500, .ack = 5001, .window = 1000});
		s.a({.seq = 1001, .ack = 5001, .window = 1000}, 10);
	});
	trace("crashed-and-back", [](Script& s) {
		s.handshake();
		s.a({.flags = SYN, .seq = 900000, .ack = 0, .options = sack_ok, .window = 2000});
		s.b({.seq = 5001, .ack = 1001, .window = 1000});
		s.a({.flags = RST, .seq = 1001, .ack = 0});
		s.a({.flags = SYN, .seq = 900000, .ack = 0, .options = sack_ok, .window = 2000});
		s.b({.flags = SYN | ACK, .seq = 44000, .ack = 900001, .options = sack_ok, .window = 1000});
		s.a({.seq = 900001, .ack = 44001, .window = 2000}, 100);
		s.b({.seq = 44001, .ack = 900101, .window = 2000}, 100);
	});
	trace("in-step-without-us", [](Script& s) {
		s.handshake();
		s.a({.flags = SYN, .seq = 900000, .ack = 0, .window = 2000});
		s.b({.flags = SYN | ACK, .seq = 44000, .ack = 900001, .window = 1000});
		s.a({.seq = 900001, .ack = 44001, .window = 2000}, 100);
		s.b({.seq = 44001, .ack = 900101, .window = 2000}, 100);
	});
	trace("challenge-in-last-ack", [](Script& s) {
		s.handshake();
		s.a({.flags = FIN | ACK, .seq = 1001, .ack = 5001, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 5001, .ack = 1002, .window = 1000});
		s.a({.flags = SYN, .seq = 3000, .ack = 0, .window = 1000});
		s.b({.seq = 5002, .ack = 1002, .window = 1000});
		s.a({.flags = RST, .seq = 1002, .ack = 0});
		s.a({.flags = SYN, .seq = 3000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 9000, .ack = 3001, .window = 1000});
	});
	trace("half-open-at-the-other-end", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.seq = 777, .ack = 555, .window = 1000});
		s.a({.flags = RST, .seq = 555, .ack = 0});
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
		s.a({.seq = 1001, .ack = 5001, .window = 1000});
	});
	trace("simultaneous-open", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.flags = SYN, .seq = 5000, .ack = 0, .window = 1000});
		s.a({.flags = SYN | ACK, .seq = 1000, .ack = 5001, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
		s.a({.seq = 1001, .ack = 5001, .window = 1000}, 50);
		s.b({.seq = 5001, .ack = 1051, .window = 1000}, 50);
		s.a({.flags = FIN | ACK, .seq = 1051, .ack = 5051, .window = 1000});
	});
	trace("refused", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.flags = RST | ACK, .seq = 0, .ack = 1001, .window = 0});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
		s.a({.flags = SYN, .seq = 2000, .ack = 0, .window = 1000});
		s.b({.flags = RST | ACK, .seq = 0, .ack = 2001, .window = 0});
	});
	trace("refused-wrongly", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.flags = RST | ACK, .seq = 0, .ack = 4001, .window = 0});
		s.b({.flags = RST | ACK, .seq = 0, .ack = 900000000, .window = 0});
		s.a({.seq = 1001, .ack = 5001, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
		s.a({.seq = 1001, .ack = 5001, .window = 1000});
	});
	trace("given-up", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.a({.flags = RST, .seq = 1001, .ack = 0});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
	});
	for (auto [name, seq] : {std::pair{"reset-exact", 1101u},
				 {"reset-in-window", 1300u},
				 {"reset-below", 1050u},
				 {"reset-above", 900000u},
				 {"reset-zero", 0u}}) {
		for (unsigned flags : {RST, RST | ACK})
			trace(name, [seq = seq, flags](Script& s) {
				s.handshake();
				s.a({.seq = 1001, .ack = 5001, .window = 1000}, 100);
				s.b({.seq = 5001, .ack = 1101, .window = 1000}, 100);
				s.a({.flags = flags, .seq = seq, .ack = flags & ACK ? 5101u : 0});
				s.b({.seq = 5101, .ack = 1101, .window = 1000}, 10);
				s.a({.seq = 1101, .ack = 5111, .window = 1000});
				s.a({.flags = SYN, .seq = 70000, .ack = 0});
				s.b({.flags = SYN | ACK, .seq = 90000, .ack = 70001});
			});
	}
	trace("reset-train", [](Script& s) {
		s.handshake();
		s.b({.flags = PSH | ACK, .seq = 5001, .ack = 1001, .window = 1000}, 19);
		s.b({.flags = RST, .seq = 5020, .ack = 1001});
		s.a({.seq = 1001, .ack = 5020, .window = 1000});
	});
	trace("windows", [](Script& s) {
		s.handshake();
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 1000);
		s.b({.seq = 6001, .ack = 1001, .window = 1000}, 1);
		s.b({.seq = 8001, .ack = 1001, .window = 1000}, 1);
		s.b({.seq = 5001, .ack = 1002, .window = 1000});
		s.b({.seq = 5001, .ack = 900, .window = 1000});
		s.a({.seq = 1001, .ack = 6001, .window = 0});
		s.b({.seq = 6001, .ack = 1001, .window = 1000}, 1);
		s.a({.seq = 1001, .ack = 6001, .window = 500});
		s.b({.seq = 6001, .ack = 1001, .window = 1000}, 500);
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 300);
		s.b({.seq = 3001, .ack = 1001, .window = 1000}, 300);
		s.a({.seq = 1001, .ack = 90000, .window = 500});
		s.a({.seq = 1000, .ack = 6501, .window = 500});
		s.b({.seq = 6501, .ack = 1001, .window = 500});
	});
	for (auto [name, ours, theirs] : {std::tuple{"window-scale", 7u, 7u},
					  {"window-scale-one-sided", 7u, 99u},
					  {"window-scale-differs", 2u, 9u},
					  {"window-scale-too-large", 20u, 3u}})
		trace(name, [ours = ours, theirs = theirs](Script& s) {
			s.a({.flags = SYN, .seq = 1000, .ack = 0, .options = scale_option(ours), .window = 1000});
			s.b({.flags = SYN | ACK,
			     .seq = 5000,
			     .ack = 1001,
			     .options = theirs == 99 ? Bytes{} : scale_option(theirs),
			     .window = 1000});
			s.a({.seq = 1001, .ack = 5001, .window = 100});
			for (std::uint32_t at : {5200u, 5500u, 6200u, 7000u, 17000u, 18000u, 60000u, 1700000u})
				s.b({.seq = at, .ack = 1001, .window = 3}, 1);
			for (std::uint32_t at : {1300u, 1900u, 2100u, 2500u, 3000u})
				s.a({.seq = at, .ack = 5001, .window = 100}, 1);
		});
	trace("wrap", [](Script& s) {
		s.a({.flags = SYN, .seq = 0xfffffffe, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 0xffffff00, .ack = 0xffffffff, .window = 1000});
		s.a({.seq = 0xffffffff, .ack = 0xffffff01, .window = 1000}, 500);
		s.b({.seq = 0xffffff01, .ack = 499, .window = 1000}, 600);
		s.a({.seq = 499, .ack = 0x159, .window = 1000});
		s.a({.seq = 499, .ack = 0x15a, .window = 1000});
		s.a({.flags = FIN | ACK, .seq = 499, .ack = 0x159, .window = 1000});
		s.b({.flags = FIN | ACK, .seq = 0x159, .ack = 500, .window = 1000});
	});
	trace("sack", [](Script& s) {
		s.handshake(1000, sack_ok);
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 100);
		s.a({.seq = 1001, .ack = 5001, .options = sack_option(5501, 6001), .window = 1000});
		s.b({.seq = 5501, .ack = 1001, .window = 1000}, 400);
		s.a({.seq = 1001, .ack = 5101, .options = sack_option(5501, 5901), .window = 1000});
		s.b({.seq = 6500, .ack = 1001, .window = 1000}, 300);
		s.b({.seq = 5101, .ack = 1001, .window = 1000}, 400);
		s.a({.seq = 1001, .ack = 6800, .window = 1000});
	});
	trace("sack-not-offered", [](Script& s) {
		s.handshake();
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 100);
		s.a({.seq = 1001, .ack = 5001, .options = sack_option(5501, 6001), .window = 1000});
	});
	trace("reordered-and-repeated", [](Script& s) {
		s.handshake();
		s.b({.seq = 5301, .ack = 1001, .window = 1000}, 300);
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 300);
		s.a({.seq = 1001, .ack = 5601, .window = 1000});
		s.a({.seq = 1001, .ack = 5301, .window = 1000});
		for (int i = 0; i < 5; i++)
			s.a({.seq = 1001, .ack = 5601, .window = 1000});
		s.b({.seq = 5001, .ack = 1001, .window = 1000}, 600);
		s.a({.seq = 1000, .ack = 5601, .window = 1000}, 1); // a keep-alive
		s.b({.seq = 5601, .ack = 1001, .window = 1000});
	});
	trace("syn-repeated-with-another-number", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .options = scale_option(7), .window = 1000});
		s.a({.flags = SYN, .seq = 2000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 2001, .options = scale_option(7), .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5500, .ack = 2001, .window = 1000});
		s.a({.seq = 2001, .ack = 5501, .window = 1000});
		s.b({.seq = 5501, .ack = 2001, .window = 1000}, 800);
	});
	trace("syn-ack-for-another-syn", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 4001, .window = 1000});
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1001, .window = 1000});
		s.a({.seq = 1001, .ack = 5001, .window = 1000});
	});
	trace("data-in-syn", [](Script& s) {
		s.a({.flags = SYN, .seq = 1000, .ack = 0, .window = 1000}, 100);
		s.b({.flags = SYN | ACK, .seq = 5000, .ack = 1101, .window = 1000});
		s.a({.seq = 1101, .ack = 5001, .window = 1000}, 100);
	});
	trace("stray", [](Script& s) {
		for (unsigned flags : {ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, PSH | ACK, 0u, FIN, SYN | FIN,
				       SYN | RST, 0x3fu, SYN | PSH, SYN | URG, PSH | URG})
			s.a({.flags = flags, .seq = 1000, .ack = 2000}, 10);
		s.b({.flags = SYN | ACK, .seq = 1000, .ack = 2000});
	});
	trace("nonsense-on-open", [](Script& s) {
		s.handshake();
		for (unsigned flags : {0u, FIN, SYN | FIN, SYN | RST, 0x3fu, FIN | RST, PSH | URG, URG | ACK, 0xd0u})
			s.a({.flags = flags, .seq = 1001, .ack = 5001, .window = 1000}, 1);
	});
	trace("bad-tcp-headers", [](Script& s) {
		s.handshake();
		const TCP good{.sport = s.port(), .dport = 80, .seq = 1001, .ack = 5001, .window = 1000};
		TCP bad = good;
		bad.bad_checksum = true;
		s.send(true, s.ip(true) / bad / Payload::of(10), "bad checksum");
		bad = good;
		bad.data_offset = std::uint8_t{4};
		s.send(true, s.ip(true) / bad, "header too short");
		bad.data_offset = std::uint8_t{15};
		s.send(true, s.ip(true) / bad, "header longer than the segment");
		Bytes cut = (s.ip(true, 6) / Payload::of(19)).bytes();
		s.send(true, std::vector<Bytes>{cut}, "header cut off");
		s.a({.seq = 1001, .ack = 5001, .window = 1000});
	});
	trace("called-from-the-wrong-side", [](Script& s) {
		s.b({.flags = SYN, .seq = 1000, .ack = 0});
		s.handshake();
	});
}

void other_traces(const std::function<void(const char*, std::function<void(Script&)>)>& trace)
{
	auto udp = [](Script& s, bool from_a) {
		return s.ip(from_a) / UDP{.sport = from_a ? s.port() : std::uint16_t{53},
					  .dport = from_a ? std::uint16_t{53} : s.port()};
	};
	auto ping = [](Script& s, bool from_a, bool reply, std::uint16_t id) -> Packet {
		if (s.six())
			return s.ip(from_a) / ICMP6{.type = static_cast<std::uint8_t>(reply ? 129 : 128), .id = id};
		return s.ip(from_a) / ICMP{.type = static_cast<std::uint8_t>(reply ? 0 : 8), .id = id};
	};
	auto error = [](Script& s, bool from_a, const Bytes& about, const std::string& to = "") -> Packet {
		const Payload quote(Bytes(
		    about.begin() + 14, about.begin() + 14 + std::min<long>(64, static_cast<long>(about.size()) - 14)));
		const std::string src = from_a ? s.a_address() : s.b_address(), dst = !to.empty() ? to
										      : from_a    ? s.b_address()
												  : s.a_address();
		if (s.six())
			return Ethernet{} / IPv6{.src = src, .dst = dst} /
			       ICMP6{.type = 1, .code = 4, .id = 0, .seq = 0} / quote;
		return Ethernet{} / IPv4{.src = src, .dst = dst} / ICMP{.type = 3, .code = 3, .id = 0, .seq = 0} /
		       quote;
	};
	trace("udp", [=](Script& s) {
		s.send(false, udp(s, false), "an answer before the query");
		s.send(true, udp(s, true), "query");
		s.send(true, udp(s, true), "query again");
		s.send(false, udp(s, false), "answer");
		s.send(true, udp(s, true), "query");
		Packet other = s.ip(false) / UDP{.sport = 54, .dport = s.port()};
		s.send(false, other, "from another port");
	});
	trace("udp-checksums", [=](Script& s) {
		Packet none =
		    s.ip(true) / UDP{.sport = s.port(), .length = {}, .checksum = std::uint16_t{0}} / Payload::of(20);
		s.send(true, none, "no checksum", s.six() ? "udp6-no-checksum" : "");
		Packet bad = s.ip(true) / UDP{.sport = s.port(), .length = {}, .checksum = {}, .bad_checksum = true} /
			     Payload::of(20);
		s.send(true, bad, "bad checksum");
		Packet length = s.ip(true) / UDP{.sport = s.port(), .length = std::uint16_t{4}} / Payload::of(20);
		s.send(true, length, "bad length");
	});
	trace("echo", [=](Script& s) {
		s.send(false, ping(s, false, true, s.port()), "reply nobody asked for");
		s.send(true, ping(s, true, false, s.port()), "request");
		s.send(false, ping(s, false, true, s.port()), "reply");
		s.send(false, ping(s, false, true, s.port()), "reply again");
		s.send(false, ping(s, false, true, 7), "another identifier");
		s.send(false, ping(s, false, false, s.port()), "request with the same identifier back");
		s.send(true, ping(s, true, true, s.port()), "its reply");
	});
	trace("icmp-errors", [=](Script& s) {
		const Bytes query = udp(s, true), answer = udp(s, false), asked = ping(s, true, false, s.port());
		s.send(false, error(s, false, query), "about what was never sent");
		s.send(true, udp(s, true), "query");
		s.send(false, error(s, false, query), "about the query");
		s.send(true, error(s, true, answer), "about the answer");
		s.send(false, error(s, false, answer), "about the answer, but to its receiver");
		s.send(false, error(s, false, asked), "about a request never sent");
		s.send(true, ping(s, true, false, s.port()), "request");
		s.send(false, error(s, false, asked), "about the request");
		Bytes bad = error(s, false, query).bytes();
		bad[bad.size() - 1] ^= 1;
		s.send(false, std::vector<Bytes>{bad}, "with a bad checksum");
		s.handshake();
		const Bytes segment = s.ip(true) / TCP{.sport = s.port(), .dport = 80, .seq = 1001, .ack = 5001};
		s.send(false, error(s, false, segment), "about a segment");
	});
	trace("icmp-others", [=](Script& s) {
		if (s.six()) {
			for (std::uint8_t type : {std::uint8_t{100}, std::uint8_t{139}, std::uint8_t{200}})
				s.send(true, s.ip(true) / ICMP6{.type = type} / Payload::of(24),
				       "type " + std::to_string(type), type == 139 ? "icmp6-node-query" : "");
			return;
		}
		for (std::uint8_t type : {std::uint8_t{13}, std::uint8_t{15}, std::uint8_t{17}, std::uint8_t{9},
					  std::uint8_t{10}, std::uint8_t{14}, std::uint8_t{40}})
			s.send(true, s.ip(true) / ICMP{.type = type, .id = s.port()} / Payload::of(24),
			       "type " + std::to_string(type));
		s.send(false, s.ip(false) / ICMP{.type = 14, .id = s.port()} / Payload::of(12), "timestamp reply");
		s.send(true, udp(s, true), "query");
		const Bytes about = udp(s, true);
		s.send(false,
		       s.ip(false) / ICMP{.type = 5, .id = 0, .seq = 0} /
			   Payload(Bytes(about.begin() + 14, about.begin() + 42)),
		       "redirect", "icmp-redirect");
	});
	trace("another-protocol", [=](Script& s) {
		s.send(false, s.ip(false, 253) / Payload::of(30), "back first");
		s.send(true, s.ip(true, 253) / Payload::of(30), "out");
		s.send(false, s.ip(false, 253) / Payload::of(30), "back");
	});
}

// The parts of a datagram's payload, each {offset, length} in units of 8 bytes.
struct Part {
	unsigned offset, length;
	bool more;
};

const std::vector<Part> in_order{{0, 50, true}, {50, 50, true}, {100, 30, false}};

std::vector<Bytes> fragments(Script& s, bool from_a, const Bytes& whole, std::uint8_t proto, std::uint16_t id,
			     const std::vector<Part>& parts)
{
	std::vector<Bytes> frames;
	const std::size_t header = s.six() ? 54 : 34;
	const std::string src = from_a ? s.a_address() : s.b_address(), dst = from_a ? s.b_address() : s.a_address();
	for (const Part& part : parts) {
		const std::size_t begin = header + part.offset * 8,
				  end = std::min(whole.size(), begin + part.length * 8);
		const Payload bytes(
		    Bytes(whole.begin() + static_cast<long>(begin), whole.begin() + static_cast<long>(end)));
		const auto offset = static_cast<std::uint16_t>(part.offset);
		if (s.six())
			frames.push_back(Ethernet{} / IPv6{.src = src, .dst = dst} /
					 Fragment6{.fragment = offset, .more = part.more, .id = id, .next = proto} /
					 bytes);
		else
			frames.push_back(Ethernet{} /
					 IPv4{.src = src,
					      .dst = dst,
					      .fragment = offset,
					      .more = part.more,
					      .proto = proto,
					      .id = id} /
					 bytes);
	}
	return frames;
}

void fragment_traces(const std::function<void(const char*, std::function<void(Script&)>)>& trace)
{
	const std::vector<Part> late{{0, 50, true}, {100, 30, false}, {50, 50, true}},
	    first_last{{100, 30, false}, {50, 50, true}, {0, 50, true}},
	    overlap{{0, 50, true}, {40, 60, true}, {100, 30, false}},
	    covered{{0, 50, true}, {50, 50, true}, {60, 10, true}, {100, 30, false}},
	    twice{{0, 50, true}, {0, 50, true}, {50, 50, true}, {100, 30, false}},
	    hole{{0, 50, true}, {100, 30, false}}, headless{{50, 50, true}, {100, 30, false}};
	for (auto [name, parts, traits] : {std::tuple{"fragments", in_order, ""},
					   {"fragments-reordered", late, ""},
					   {"fragments-first-one-last", first_last, "first-fragment-late"},
					   {"fragments-overlap", overlap, ""},
					   {"fragments-covered", covered, ""},
					   {"fragments-repeated", twice, ""},
					   {"fragments-with-a-hole", hole, ""},
					   {"fragments-without-the-first", headless, ""}})
		trace(name, [parts = parts, traits = std::string(traits)](Script& s) {
			const Bytes query = s.ip(true) / UDP{.sport = s.port()} / Payload::of(1024),
				    answer = s.ip(false) / UDP{.sport = 53, .dport = s.port()} / Payload::of(1024);
			s.send(false, fragments(s, false, answer, 17, s.port(), in_order),
			       "an answer before the query");
			s.send(true, fragments(s, true, query, 17, s.port(), parts), "query", traits);
			s.send(true, s.ip(true) / UDP{.sport = s.port()}, "query");
			s.send(false, fragments(s, false, answer, 17, static_cast<std::uint16_t>(s.port() + 1), parts),
			       "answer", traits);
		});
	trace("fragments-of-tcp", [](Script& s) {
		s.handshake(60000);
		const Bytes segment = s.ip(true) /
				      TCP{.sport = s.port(), .dport = 80, .seq = 1001, .ack = 5001, .window = 60000} /
				      Payload::of(1020);
		s.send(true, fragments(s, true, segment, 6, s.port(), in_order), "segment", "tcp-fragment");
		s.a({.seq = 2021, .ack = 5001, .window = 60000}, 10);
	});
}

// A connection whose segments are now and then something else.
void random_traces(const std::function<void(const char*, std::function<void(Script&)>)>& trace, unsigned seed)
{
	trace("random", [seed](Script& s) {
		std::mt19937 random(seed);
		auto number = [&] {
			return static_cast<std::uint32_t>(random());
		};
		auto one_in = [&](unsigned n) {
			return random() % n == 0;
		};
		auto pick = [&](const std::vector<std::uint32_t>& from) {
			return from[random() % from.size()];
		};
		std::uint32_t next[2] = {number(), number()}; // a, b
		const bool sacks = one_in(2), scales = one_in(2);
		Bytes options;
		if (sacks)
			options.insert(options.end(), sack_ok.begin(), sack_ok.end());
		if (scales) {
			const Bytes scale = scale_option(static_cast<unsigned>(random() % 15));
			options.insert(options.end(), scale.begin(), scale.end());
		}
		const auto window = static_cast<std::uint16_t>(pick({500, 1000, 5000, 65535}));
		auto send = [&](bool from_a, TCP tcp, std::size_t payload) {
			tcp.window = window;
			from_a ? s.a(std::move(tcp), payload) : s.b(std::move(tcp), payload);
		};
		auto mutate = [&](TCP& tcp) {
			if (one_in(8))
				tcp.flags = pick(
				    {SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, ACK, PSH | ACK, FIN, 0, SYN | FIN});
			if (one_in(8))
				tcp.seq += pick({1, 0xffffffff, 100, 0xffffff9c, 1000, 0xfffffc18, 66000, 0xfffefe30,
						 70000, 1u << 30});
			if (one_in(8))
				tcp.ack += pick({1, 0xffffffff, 100, 0xffffff9c, 1000, 0xfffffc18, 66001, 0xfffefe2f,
						 70000, 1u << 31});
			if (sacks && one_in(6))
				tcp.options = sack_option(tcp.ack + 100, tcp.ack + pick({200, 500, 5000}));
		};
		send(true, {.flags = SYN, .seq = next[0]++, .ack = 0, .options = options}, 0);
		if (one_in(4))
			send(random() % 2,
			     {.flags = pick({SYN, ACK, RST, SYN | ACK}),
			      .seq = pick({next[0], next[1], number()}),
			      .ack = pick({next[0], 0})},
			     0);
		send(false, {.flags = SYN | ACK, .seq = next[1]++, .ack = next[0], .options = options}, 0);
		send(true, {.seq = next[0], .ack = next[1]}, 0);
		for (unsigned i = 0; i < 25; i++) {
			const unsigned from = random() % 2, to = 1 - from;
			const std::size_t payload = pick({0, 0, 1, 100, 400});
			TCP tcp{.flags = ACK, .seq = next[from], .ack = next[to]};
			if (i > 15 && one_in(6))
				tcp.flags = FIN | ACK;
			const bool is_fin = tcp.flags & FIN;
			const TCP right = tcp;
			mutate(tcp);
			send(from == 0, tcp, payload);
			if (tcp.flags == right.flags && tcp.seq == right.seq)
				next[from] += static_cast<std::uint32_t>(payload) + (is_fin ? 1 : 0);
			if (i > 18 && one_in(10))
				send(true, {.flags = SYN, .seq = next[0] + 100000, .ack = 0, .options = options}, 0);
		}
	});
}

} // namespace

std::vector<Trace> conntrack_traces()
{
	std::vector<Trace> traces;
	std::uint16_t port = 10000;

	for (int family : {4, 6})
		for (bool a_inside : {true, false}) {
			auto trace = [&](const char* name, const std::function<void(Script&)>& fill) {
				port = static_cast<std::uint16_t>(port + 2);
				Script script(name, family, a_inside, port);
				fill(script);
				traces.push_back(script.take());
			};
			tcp_traces(trace);
			other_traces(trace);
			fragment_traces(trace);
			for (unsigned seed = 0; seed < 300; seed++)
				random_traces(trace, 1000 * static_cast<unsigned>(family) + 500 * a_inside + seed);
		}
	return traces;
}

} // namespace e2e
