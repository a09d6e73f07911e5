// SPDX-License-Identifier: BSD-2-Clause
// IPFilter: ns per packet, time to compile the rules and to load the node,
// against the number of rules and of shapes (look-ups). Prints JSON. The packet
// meets the rule in the middle of the list, or none but the last `deny all`.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <nlohmann/json.hpp>

#include "filters.h"
#include "flow.h"
#include "kernel.h"

using namespace nfup::test;

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// `shapes` of them take turns: prefix lengths of the source.
std::vector<std::string> rules(int count, int shapes)
{
	std::vector<std::string> out;
	for (int i = 0; i < count; i++)
		out.push_back("allow tcp dst port " + std::to_string(1 + i % 50) + " and src net 10." +
			      std::to_string(i / 50) + ".0.0/" + std::to_string(16 + i % shapes));
	out.push_back("deny all");
	return out;
}

pkt context(int rule)
{
	pkt p{};
	p.cursor = p.l3 = 14;
	p.l4 = 34;
	p.l3_len = 40;
	p.ip_proto = 6;
	p.flags = PKT_HAS_PORTS;
	p.flow =
	    flow("10." + std::to_string(rule / 50) + ".0.0", 1000, "10.0.0.2", static_cast<unsigned>(1 + rule % 50), 6);
	return p;
}

} // namespace

int main(int argc, char** argv)
try {
	const int repeat = argc > 1 ? std::atoi(argv[1]) : 1'000'000, rounds = argc > 2 ? std::atoi(argv[2]) : 5;
	if (repeat <= 0 || rounds <= 0) {
		std::fprintf(stderr, "usage: filter_rules [REPEAT [ROUNDS]]\n");
		return 1;
	}
	Kernel kernel;
	if (std::string why = kernel.open(); !why.empty()) {
		std::fprintf(stderr, "filter_rules: %s\n", why.c_str());
		return 77; // ctest: skipped
	}
	const Bytes frame = Ethernet{} / IPv4{} / TCP{};
	const auto measure = [&](int program, const pkt& p) {
		unsigned best = ~0u;
		for (int i = 0; i < rounds; i++)
			best = std::min(best, kernel.nanoseconds(program, frame, p, repeat));
		return best;
	};
	Fd empty = exit_program(1000);
	const Object null = kernel.load("Null");
	nlohmann::ordered_json sets = nlohmann::json::array();
	for (const int shapes : {1, 4, 16})
		for (const int count : {10, 100, 1000, 5000}) {
			if (count < shapes)
				continue;
			auto start = Clock::now();
			const Params params = filter_rules(rules(count, shapes));
			const double compile_ms = ms_since(start);
			start = Clock::now();
			const Object node = kernel.load("IPFilter", params);
			const double load_ms = ms_since(start);
			sets.push_back({{"rules", count + 1},
					{"shapes", shapes},
					{"ns_allowed", measure(node.program, context(count / 2))},
					{"ns_denied", measure(node.program, context(12000))},
					{"compile_ms", compile_ms},
					{"load_ms", load_ms}});
		}
	nlohmann::ordered_json report{{"repeat", repeat},
				      {"rounds", rounds},
				      {"empty_ns", measure(empty.get(), {})},
				      {"null_node_ns", measure(null.program, {})},
				      {"sets", sets}};
	std::printf("%s\n", report.dump(2).c_str());
	return 0;
} catch (const std::exception& e) {
	std::fprintf(stderr, "filter_rules: %s\n", e.what());
	return 2;
}
