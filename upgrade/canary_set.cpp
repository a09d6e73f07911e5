// SPDX-License-Identifier: BSD-2-Clause
#include "canary_set.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <random>
#include <set>

#include "canary_file.h"
#include "intent/numbers.h"
#include "packet_fields.h"

namespace nfup::upgrade {

namespace {

using namespace packet;

// Enough for both sides of most filters; a list of thousands is not walked.
constexpr std::size_t most_values = 6;

// What the arguments speak of.
struct Values {
	std::vector<std::string> ip4, ip6;
	std::vector<std::uint16_t> ports;
	std::vector<std::pair<std::size_t, Bytes>> patterns; // Classifier's OFFSET/HEX
};

template <class T> void keep(std::vector<T>& list, T value)
{
	if (list.size() < most_values && std::ranges::find(list, value) == list.end())
		list.push_back(std::move(value));
}

void read_word(const std::string& word, Values& values)
{
	const auto slash = word.find('/');
	if (const auto ip = intent::read_ip4(word.substr(0, slash))) {
		keep(values.ip4, word.substr(0, slash));
	} else if (intent::read_ip6(word.substr(0, slash))) {
		keep(values.ip6, word.substr(0, slash));
	} else if (slash != std::string::npos) {
		const auto offset = intent::read_integer(word.substr(0, slash));
		const auto bytes = read_hex(word.substr(slash + 1, word.find('%') - slash - 1));
		if (offset && *offset >= 0 && *offset < 64 && bytes && !bytes->empty() && bytes->size() <= 16)
			keep(values.patterns, {static_cast<std::size_t>(*offset), *bytes});
	} else if (const auto number = intent::read_integer(word); number && *number > 0 && *number <= 0xffff) {
		keep(values.ports, static_cast<std::uint16_t>(*number));
	}
}

Values read_values(const std::vector<std::string>& args)
{
	constexpr std::size_t most_text = 20000; // rule sets may have megabytes
	Values values;
	for (const std::string& arg : args) {
		std::string word;
		for (const char c : arg.substr(0, most_text) + " ") {
			if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == ':' || c == '/' ||
			    c == '%') {
				word += c;
				continue;
			}
			if (!word.empty())
				read_word(word, values);
			word.clear();
		}
	}
	return values;
}

std::vector<Layer> network_layers()
{
	return {IPv4{}, IPv6{}};
}

// One of each kind, well-formed.
void add_kinds(std::vector<Packet>& out)
{
	for (const Layer& ip : network_layers()) {
		const Packet base = Ethernet{} / ip;
		const bool six = std::holds_alternative<IPv6>(ip);
		for (const unsigned flags : {SYN, SYN | ACK, ACK, PSH | ACK, FIN | ACK, RST, SYN | FIN, 0u, 0x3fu})
			out.push_back(base / TCP{.flags = flags} / Payload("data"));
		out.push_back(base / TCP{.flags = SYN, .options = {2, 4, 5, 0xb4}});
		out.push_back(base / UDP{} / Payload("data"));
		out.push_back(base / UDP{});
		out.push_back(six ? base / ICMP6{} / Payload("ping") : base / ICMP{} / Payload("ping"));
		out.push_back(six ? base / ICMP6{.type = 1} / Payload::of(48)
				  : base / ICMP{.type = 3} / Payload::of(28));
		out.push_back(base / Payload("another protocol"));
		out.push_back(base / UDP{} / Payload::of(1400));
		out.push_back(base / TCP{} / Payload::of(1440));
	}
	out.push_back(Ethernet{} / ICMP6{}); // an unknown ethertype
	out.push_back(Ethernet{.dst = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} / ARP{});
	out.push_back(Ethernet{} / ARP{.op = 2, .target_mac = {2, 0, 0, 0, 0, 2}});
	out.push_back(Ethernet{} / Vlan{} / IPv4{} / TCP{.flags = SYN});
	out.push_back(Ethernet{} / Vlan{} / IPv6{} / UDP{});
	out.push_back(Ethernet{} / Vlan{.tpid = 0x88a8} / Vlan{.id = 2} / IPv4{} / UDP{});
	out.push_back(Ethernet{.dst = {1, 0, 0x5e, 0, 0, 1}} / IPv4{.dst = "224.0.0.1"} / UDP{});
	out.push_back(Ethernet{} / IPv4{} / IPv4{.src = "192.0.2.1"} / UDP{});
}

void add_fragments_and_extensions(std::vector<Packet>& out)
{
	out.push_back(Ethernet{} / IPv4{.more = true} / UDP{} / Payload::of(64));
	out.push_back(Ethernet{} / IPv4{.more = true} / TCP{.flags = SYN} / Payload::of(60));
	out.push_back(Ethernet{} / IPv4{.fragment = 9, .more = true, .proto = 17} / Payload::of(64));
	out.push_back(Ethernet{} / IPv4{.fragment = 18, .proto = 6} / Payload::of(11));
	out.push_back(Ethernet{} / IPv4{.options = {1, 1, 1, 0}} / TCP{});
	out.push_back(Ethernet{} / IPv4{.options = Bytes(40, 1)} / UDP{});
	out.push_back(Ethernet{} / IPv6{} / Fragment6{.more = true} / UDP{} / Payload::of(64));
	out.push_back(Ethernet{} / IPv6{} / Fragment6{.fragment = 9, .next = 17} / Payload::of(11));
	out.push_back(Ethernet{} / IPv6{} / Extension{.type = 0} / TCP{.flags = SYN});
	out.push_back(Ethernet{} / IPv6{} / Extension{.type = 60} / Extension{.type = 43} / UDP{});
	out.push_back(Ethernet{} / IPv6{} / Extension{.type = 51} / TCP{});
	Packet many = Ethernet{} / IPv6{};
	for (int i = 0; i < 12; i++)
		many = many / Extension{};
	out.push_back(many / UDP{});
}

// Wrong on purpose.
void add_malformed(std::vector<Packet>& out)
{
	out.push_back(Ethernet{} / IPv4{.bad_checksum = true} / TCP{.flags = SYN});
	out.push_back(Ethernet{} / IPv4{} / TCP{.bad_checksum = true});
	out.push_back(Ethernet{} / IPv4{} / UDP{.bad_checksum = true} / Payload("data"));
	out.push_back(Ethernet{} / IPv4{} / UDP{.checksum = 0} / Payload("data"));
	out.push_back(Ethernet{} / IPv4{} / UDP{.length = 7});
	out.push_back(Ethernet{} / IPv4{.version = 6} / TCP{});
	out.push_back(Ethernet{} / IPv4{.ihl = 4} / TCP{});
	out.push_back(Ethernet{} / IPv4{.ihl = 15} / TCP{});
	out.push_back(Ethernet{} / IPv4{.length = 0xffff} / TCP{});
	out.push_back(Ethernet{} / IPv4{.length = 19} / TCP{});
	out.push_back(Ethernet{} / IPv4{.ttl = 0} / TCP{});
	out.push_back(Ethernet{} / IPv4{.ttl = 1} / TCP{});
	out.push_back(Ethernet{} / IPv4{.src = "255.255.255.255"} / UDP{});
	out.push_back(Ethernet{} / IPv4{.src = "0.0.0.0"} / UDP{});
	out.push_back(Ethernet{} / IPv4{} / TCP{.data_offset = 4});
	out.push_back(Ethernet{} / IPv4{} / TCP{.data_offset = 15});
	out.push_back(Ethernet{} / IPv6{.version = 4} / TCP{});
	out.push_back(Ethernet{} / IPv6{.length = 0xffff} / TCP{});
	out.push_back(Ethernet{} / IPv6{} / Extension{.size = 255} / Payload("short"));
}

// Cut inside of each header, and behind it.
void add_cut(std::vector<Bytes>& out)
{
	for (const Layer& ip : network_layers()) {
		const Bytes whole = (Ethernet{} / ip / TCP{.flags = SYN}).bytes();
		for (const std::size_t size : {14u, 15u, 24u, 34u, 40u, 54u, 60u})
			if (size < whole.size())
				out.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
		const Bytes tagged = (Ethernet{} / Vlan{} / ip / UDP{}).bytes();
		out.emplace_back(tagged.begin(), tagged.begin() + 16);
	}
}

void add_random(std::vector<Bytes>& out)
{
	std::mt19937 random(1); // the same packets every time
	for (const std::size_t size : {14u, 60u, 128u, 1514u})
		for (const int type : {-1, 0x0800, 0x86dd, 0x8100}) {
			Bytes frame(size);
			for (std::uint8_t& byte : frame)
				byte = static_cast<std::uint8_t>(random());
			if (type >= 0) {
				frame[12] = static_cast<std::uint8_t>(type >> 8);
				frame[13] = static_cast<std::uint8_t>(type);
			}
			out.push_back(std::move(frame));
		}
	out.push_back((Ethernet{} / IPv4{} / UDP{} / Payload::of(max_frame - 42)).bytes());
}

void add_values(const Values& values, std::vector<Packet>& out)
{
	const Ethernet e;
	for (const std::string& a : values.ip4) {
		out.push_back(e / IPv4{.src = a} / TCP{.flags = SYN});
		out.push_back(e / IPv4{.dst = a} / TCP{.flags = SYN});
		out.push_back(e / IPv4{.dst = a} / UDP{});
	}
	for (const std::string& a : values.ip6) {
		out.push_back(e / IPv6{.src = a} / TCP{.flags = SYN});
		out.push_back(e / IPv6{.dst = a} / UDP{});
	}
	for (const std::uint16_t port : values.ports) {
		out.push_back(e / IPv4{} / TCP{.dport = port, .flags = SYN});
		out.push_back(e / IPv4{} / TCP{.sport = port, .flags = SYN | ACK});
		out.push_back(e / IPv4{} / UDP{.dport = port});
		out.push_back(e / IPv6{} / TCP{.dport = port, .flags = SYN});
	}
}

void add_patterns(const Values& values, std::vector<Bytes>& frames)
{
	for (const auto& [offset, bytes] : values.patterns) {
		Bytes frame = (Ethernet{} / IPv4{} / TCP{} / Payload::of(64)).bytes();
		std::ranges::copy(bytes, frame.begin() + static_cast<std::ptrdiff_t>(offset));
		frames.push_back(std::move(frame));
	}
}

// A connection opened from `client`, answered by way of `server`, closed and
// reset.
PacketGroup connection(int client, int server, bool six)
{
	const Packet there = six ? Ethernet{} / IPv6{} : Ethernet{} / IPv4{};
	const Packet back = six ? Ethernet{} / IPv6{.src = "2001:db8::2", .dst = "2001:db8::1"}
				: Ethernet{} / IPv4{.src = "10.0.0.2", .dst = "10.0.0.1"};
	const auto from_client = [&](unsigned flags, const char* data = "") {
		return GeneratedPacket{client, (there / TCP{.flags = flags} / Payload(data)).bytes()};
	};
	const auto from_server = [&](unsigned flags, const char* data = "") {
		return GeneratedPacket{
		    server, (back / TCP{.sport = 80, .dport = 1000, .flags = flags} / Payload(data)).bytes()};
	};
	return {from_client(SYN),
		from_server(SYN | ACK),
		from_client(ACK),
		from_client(PSH | ACK, "request"),
		from_server(PSH | ACK, "answer"),
		from_client(ACK),
		from_server(FIN | ACK),
		from_client(FIN | ACK),
		from_server(ACK),
		from_client(SYN),
		from_client(RST),
		from_client(ACK)};
}

} // namespace

std::vector<PacketGroup> generate_packets(const std::vector<int>& receiving, const std::vector<std::string>& args)
{
	std::vector<Packet> packets;
	std::vector<Bytes> frames;
	add_kinds(packets);
	add_fragments_and_extensions(packets);
	add_malformed(packets);
	const Values values = read_values(args);
	add_values(values, packets);
	for (const Packet& packet : packets)
		frames.push_back(packet.bytes());
	add_patterns(values, frames);
	add_cut(frames);
	add_random(frames);

	std::vector<PacketGroup> groups;
	for (const int port : receiving)
		for (const Bytes& frame : frames)
			groups.push_back({{port, frame}});
	for (const int client : receiving)
		for (const int server : receiving)
			for (const bool six : {false, true})
				if (client != server || receiving.size() == 1)
					groups.push_back(connection(client, server, six));
	return groups;
}

} // namespace nfup::upgrade
