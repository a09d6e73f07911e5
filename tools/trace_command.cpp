// SPDX-License-Identifier: BSD-2-Clause
// trace: packets at Print nodes, as text, as JSON lines or as pcap.
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>

#include "cli.h"
#include "pcap.h"
#include "upgrade/packet_text.h"
#include "upgrade/signals.h"
#include "upgrade/trace.h"

namespace nfup::tools {

namespace {

using upgrade::TracedPacket;

constexpr int look_ms = 100; // how often signals are looked for

void print_text(const TracedPacket& packet)
{
	const auto seconds = static_cast<std::time_t>(packet.time / 1'000'000'000);
	char clock[16];
	std::strftime(clock, sizeof clock, "%H:%M:%S", std::localtime(&seconds));
	if (packet.missed)
		printf("… %" PRIu64 " not shown\n", packet.missed);
	printf("%s.%06u %s: %s, %u bytes: %s\n", clock, static_cast<unsigned>(packet.time % 1'000'000'000 / 1000),
	       packet.label.c_str(), packet.port.c_str(), packet.length, packet::to_text(packet.bytes).c_str());
}

void print_line(const TracedPacket& packet)
{
	static const char digits[] = "0123456789abcdef";
	std::string hex;
	for (const std::uint8_t byte : packet.bytes) {
		hex += digits[byte >> 4];
		hex += digits[byte & 15];
	}
	const json line = {{"time_ns", packet.time},  {"node", packet.node},     {"label", packet.label},
			   {"port", packet.port},     {"cpu", packet.cpu},       {"paint", packet.paint},
			   {"length", packet.length}, {"missed", packet.missed}, {"bytes", hex}};
	std::cout << line.dump() << "\n";
}

} // namespace

int run_trace(const Cli& cli)
{
	const auto file = cli.options["pcap"].as<std::string>();
	const auto count = cli.options["count"].as<std::uint64_t>();
	auto trace = upgrade::Trace::open(cli.folders, cli.words[0], {cli.words.begin() + 1, cli.words.end()});
	if (!trace)
		return report(cli, trace.error());
	std::ofstream opened;
	if (!file.empty() && file != "-") {
		opened.open(file, std::ios::binary);
		if (!opened)
			return report(cli, {ErrorKind::system, "cannot write " + file + ": " + std::strerror(errno),
					    "give a file in a folder that exists, or - for stdout"});
	}
	std::ostream& out = opened.is_open() ? opened : std::cout;
	if (!file.empty())
		write_pcap_header(out);

	const upgrade::Signals signals;
	std::uint64_t shown = 0, missed = 0;
	const upgrade::Trace::Consumer consumer = [&](const TracedPacket& packet) {
		missed += packet.missed;
		if (count && shown == count)
			return;
		shown++;
		if (!file.empty())
			write_pcap_packet(out, packet.time, packet.length, packet.bytes);
		else if (cli.as_json)
			print_line(packet);
		else
			print_text(packet);
	};
	std::cerr << "tracing " << cli.words[0] << ", Ctrl-C ends it\n";
	while (!(count && shown == count) && !signals.pending()) {
		if (auto polled = trace->poll(look_ms, consumer); !polled)
			return report(cli, polled.error());
		// Who reads a pipe sees packets as they come, and may leave.
		if (!out.flush() || std::fflush(stdout) != 0)
			break;
	}
	std::cerr << shown << " packets"
		  << (missed ? ", " + std::to_string(missed) + " not shown: the ring was full" : "") << "\n";
	if (opened.is_open() && !opened.flush())
		return report(cli, {ErrorKind::system, "cannot write " + file + ": " + std::strerror(errno),
				    "it is cut short; is the disk full?"});
	return 0;
}

} // namespace nfup::tools
