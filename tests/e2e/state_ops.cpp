// SPDX-License-Identifier: BSD-2-Clause
// Changes a state through packets and keeps a shadow model of it: two senders, one
// at each end, each with ids of its own, send operations (migration/operation.h) that
// the class Apply does to the table TAB. At the end every entry of the map is compared
// with the model.
//
//	state_ops --left NETNS --right NETNS --left-ip IP --right-ip IP --map PIN
//	          --entries N [--rate N] [--seconds S] --before v1 --after v2 [--fill]
//
// --fill: puts N entries into the map first, which has the layout --before; then prints
// a line. Without --seconds it sends until SIGINT or SIGTERM. The result is JSON.
#include "migration/operation.h"
#include "netns.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <bpf/bpf.h>
#include <getopt.h>
#include <unistd.h>

namespace {

using e2e::die;
using e2e::now_ns;

constexpr std::uint16_t port = 7790;
constexpr std::size_t burst = 32; // packets a system call, well below veth's ring of 256

struct Options {
	std::string left, right, left_ip, right_ip, pin, before, after;
	std::uint32_t entries = 1000;
	double rate = 10000, seconds = 0;
	bool fill = false;
};

struct Key {
	std::uint32_t id, zero;
};

struct Entry {
	std::uint64_t stamp = 0, hits = 0;
	bool operator==(const Entry&) const = default;
};
using Model = std::unordered_map<std::uint32_t, Entry>;

// Where a layout (migration/table_entry_v*.h) has the fields.
struct Layout {
	std::size_t size, width, stamp, hits;

	Entry read(const char* value) const
	{
		Entry e;
		std::memcpy(&e.stamp, value + stamp, width);
		std::memcpy(&e.hits, value + hits, width);
		return e;
	}
	void write(char* value, const Entry& e) const
	{
		std::memcpy(value + stamp, &e.stamp, width);
		std::memcpy(value + hits, &e.hits, width);
	}
};
const std::map<std::string, Layout> layouts = {{"v1", {8, 4, 0, 4}}, {"v2", {16, 8, 8, 0}}, {"v3", {16, 8, 0, 8}}};

void note(Model& model, const operation& op)
{
	const auto found = model.find(op.id);
	const bool there = found != model.end();

	if (op.what == OP_DELETE)
		model.erase(op.id);
	else if (op.what == OP_PUT || (op.what == OP_INSERT && !there) || (op.what == OP_REPLACE && there))
		model[op.id] = {op.stamp, 0};
	else if (op.what == OP_UPDATE && there)
		found->second = {op.stamp, found->second.hits + 1};
}

struct Side {
	int socket = -1;
	Model model;
	std::uint32_t offset = 0; // ids are 2n + offset
	std::uint64_t sent = 0, received = 0;
};

std::atomic<std::uint64_t> sending_ended{0};

void send_operations(const Options& opt, Side& side, std::uint64_t run)
{
	std::mt19937 random(static_cast<std::uint32_t>(run) + side.offset);
	std::array<operation, burst> operations;
	std::array<iovec, burst> vectors;
	std::array<mmsghdr, burst> messages{};
	const double interval = 1e9 / opt.rate;
	const std::uint64_t start = now_ns();
	std::uint64_t scheduled = 0;

	for (std::size_t i = 0; i < burst; i++) {
		vectors[i] = {&operations[i], sizeof operations[i]};
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (std::uint64_t now = start; !e2e::stop_requested; now = now_ns()) {
		if (opt.seconds > 0 && static_cast<double>(now - start) > opt.seconds * 1e9)
			break;
		const auto due = static_cast<std::uint64_t>(static_cast<double>(now - start) / interval) + 1;
		if (due <= scheduled) {
			timespec t{0, 500'000};
			nanosleep(&t, nullptr);
			continue;
		}
		// Held up: a burst to catch up would overrun queues.
		const auto n = static_cast<unsigned>(std::min<std::uint64_t>(due - scheduled, burst));
		scheduled = std::max(scheduled + n, due - std::min<std::uint64_t>(due, 4 * burst));
		for (unsigned i = 0; i < n; i++) {
			const auto dice = random() % 10;
			operation& op = operations[i];
			op = {OP_MAGIC, OP_UPDATE,
			      static_cast<std::uint32_t>(random() % opt.entries / 2 * 2 + side.offset),
			      static_cast<std::uint32_t>(random()), run};
			op.what = dice < 4   ? OP_UPDATE
				  : dice < 6 ? OP_DELETE
				  : dice < 8 ? OP_INSERT
				  : dice < 9 ? OP_PUT
					     : OP_REPLACE;
		}
		for (unsigned done = 0; done < n;) {
			const int sent = sendmmsg(side.socket, messages.data() + done, n - done, 0);
			if (sent < 0)
				die("sendmmsg");
			for (int i = 0; i < sent; i++)
				note(side.model, operations[done + static_cast<unsigned>(i)]);
			done += static_cast<unsigned>(sent);
			side.sent += static_cast<std::uint64_t>(sent);
		}
	}
	sending_ended = now_ns();
}

void receive(const Side& own, Side& peer, std::uint64_t run)
{
	for (;;) {
		operation op{};
		const ssize_t n = recv(own.socket, &op, sizeof op, 0);
		if (n == sizeof op && op.magic == OP_MAGIC && op.run == run)
			peer.received++;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			die("recv");
		const std::uint64_t ended = sending_ended;
		if (n < 0 && ended && now_ns() > ended + 500'000'000)
			return;
	}
}

int open_socket(const std::string& netns, const std::string& own, const std::string& peer)
{
	e2e::enter_netns(netns);
	const auto here = e2e::parse_address(own, port), there = e2e::parse_address(peer, port);
	const int fd = socket(here.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int room = 64 << 20;
	timeval patience{0, 100'000};

	if (fd < 0 || bind(fd, here.get(), here.length) != 0 || connect(fd, there.get(), there.length) != 0)
		die("a socket in " + netns);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
		die("setsockopt");
	return fd;
}

int open_map(const std::string& pin)
{
	const int fd = bpf_obj_get(pin.c_str());
	if (fd < 0)
		die(pin);
	return fd;
}

void fill(const Options& opt, std::array<Side, 2>& sides)
{
	const Layout& layout = layouts.at(opt.before);
	const int map = open_map(opt.pin);
	std::vector<Key> keys;
	std::vector<char> values(opt.entries * layout.size);

	for (std::uint32_t id = 0; id < opt.entries; id++) {
		const Entry entry{id * 7 + 1, id % 5};
		layout.write(values.data() + id * layout.size, entry);
		keys.push_back({id, 0});
		sides[id % 2].model[id] = entry;
	}
	__u32 count = opt.entries;
	if (bpf_map_update_batch(map, keys.data(), values.data(), &count, nullptr) != 0)
		die("filling the map");
	close(map);
	std::printf("filled\n");
	std::fflush(stdout);
}

// How many entries are not as in the model, the missing and those too many included.
std::uint64_t compare(const Options& opt, const std::array<Side, 2>& sides)
{
	const Layout& layout = layouts.at(opt.after);
	const int map = open_map(opt.pin);
	std::vector<char> value(64);
	std::uint64_t wrong = 0, found = 0;

	bpf_map_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(map, &info, &length) != 0 || info.value_size != layout.size)
		die("the map has not the layout " + opt.after + ";");
	for (const Side& side : sides)
		for (const auto& [id, entry] : side.model) {
			const Key key{id, 0};
			const bool there = bpf_map_lookup_elem(map, &key, value.data()) == 0;
			found += there;
			if (there && layout.read(value.data()) == entry)
				continue;
			if (wrong++ < 5)
				std::fprintf(stderr, "id %u: %s, not stamp %lu hits %lu\n", id,
					     there ? ("stamp " + std::to_string(layout.read(value.data()).stamp) +
						      " hits " + std::to_string(layout.read(value.data()).hits))
							 .c_str()
						   : "missing",
					     entry.stamp, entry.hits);
		}
	Key key{}, next{};
	std::uint64_t there = 0;
	for (const void* from = nullptr; bpf_map_get_next_key(map, from, &next) == 0; from = &key) {
		there++;
		key = next;
	}
	close(map);
	return wrong + (there - found);
}

Options parse(int argc, char** argv)
{
	static const option longs[] = {
	    {"left", required_argument, nullptr, 'l'},    {"right", required_argument, nullptr, 'r'},
	    {"left-ip", required_argument, nullptr, 'L'}, {"right-ip", required_argument, nullptr, 'R'},
	    {"map", required_argument, nullptr, 'm'},     {"entries", required_argument, nullptr, 'n'},
	    {"rate", required_argument, nullptr, 'a'},    {"seconds", required_argument, nullptr, 's'},
	    {"before", required_argument, nullptr, 'b'},  {"after", required_argument, nullptr, 'e'},
	    {"fill", no_argument, nullptr, 'f'},          {nullptr, 0, nullptr, 0}};
	Options opt;
	const std::map<int, std::string*> texts = {{'l', &opt.left},     {'r', &opt.right}, {'L', &opt.left_ip},
						   {'R', &opt.right_ip}, {'m', &opt.pin},   {'b', &opt.before},
						   {'e', &opt.after}};
	int c;
	while ((c = getopt_long(argc, argv, "", longs, nullptr)) != -1) {
		if (texts.contains(c))
			*texts.at(c) = optarg;
		else if (c == 'n')
			opt.entries = static_cast<std::uint32_t>(std::atoi(optarg));
		else if (c == 'a')
			opt.rate = std::atof(optarg);
		else if (c == 's')
			opt.seconds = std::atof(optarg);
		else if (c == 'f')
			opt.fill = true;
		else
			std::exit(1);
	}
	if (!layouts.contains(opt.before) || !layouts.contains(opt.after) || opt.entries < 2 || opt.rate <= 0) {
		std::fprintf(stderr, "usage: see the head of state_ops.cpp\n");
		std::exit(1);
	}
	return opt;
}

} // namespace

int main(int argc, char** argv)
{
	const Options opt = parse(argc, argv);
	std::uint64_t run = std::random_device{}();
	std::array<Side, 2> sides;

	e2e::stop_on_signals();
	sides[1].offset = 1;
	if (opt.fill)
		fill(opt, sides);
	sides[0].socket = open_socket(opt.left, opt.left_ip, opt.right_ip);
	sides[1].socket = open_socket(opt.right, opt.right_ip, opt.left_ip);
	{
		std::vector<std::jthread> threads;
		for (std::size_t i = 0; i < 2; i++) {
			threads.emplace_back([&, i] { receive(sides[i], sides[1 - i], run); });
			threads.emplace_back([&, i] { send_operations(opt, sides[i], run); });
		}
	}
	const std::uint64_t sent = sides[0].sent + sides[1].sent, received = sides[0].received + sides[1].received;
	std::printf("{\"sent\":%lu,\"received\":%lu,\"lost\":%lu,\"entries\":%lu,\"wrong\":%lu}\n", sent, received,
		    sent - received, sides[0].model.size() + sides[1].model.size(), compare(opt, sides));
	return 0;
}
