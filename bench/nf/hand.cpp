// SPDX-License-Identifier: BSD-2-Clause
// Attaches a hand-written function to the two ports of a lab, until SIGINT or SIGTERM.
//
//	hand FUNCTION --netns NAME --capacity N [--share FOLDER] [--pool ADDRESS/LENGTH]
//	     [--mac MAC --mac MAC --route 'PREFIX OUTPUT'…]
//
// Its tables hold CAPACITY entries. FOLDER has pinned maps of an NF that does the same: what
// the operator has written there (SERVICE, SERVER, SERVER_MAGLEV, NEIGHB) is shared. Routes
// are as LookupIPRoute's. Says "attached" on stdout once it is.
#include "bpf/lib/routes.h"
#include "tests/e2e/netns.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cxxopts.hpp>
#include <net/if.h>
#include <netinet/ether.h>
#include <unistd.h>

namespace {

using e2e::die;

constexpr const char* written_by_operator[] = {"SERVICE", "SERVER", "SERVER_MAGLEV", "NEIGHB"};
constexpr const char* ports[] = {"p1", "p2"};

bpf_map* map_of(const bpf_object* object, const char* name)
{
	return bpf_object__find_map_by_name(object, name);
}

// The maps that hold entries of flows: those that age, with their queues, and the NAT's.
void set_capacity(bpf_object* object, unsigned capacity)
{
	bpf_map* map;

	bpf_object__for_each_map(map, object)
	{
		const std::string name = bpf_map__name(map);
		const auto type = bpf_map__type(map);
		if (std::ranges::find(written_by_operator, name) != std::end(written_by_operator) || name == "counters")
			continue;
		if (type == BPF_MAP_TYPE_HASH)
			bpf_map__set_max_entries(map, capacity);
		if (type == BPF_MAP_TYPE_QUEUE)
			bpf_map__set_max_entries(map, 2 * capacity);
	}
}

void share(bpf_object* object, const std::string& folder)
{
	for (const char* name : written_by_operator)
		if (bpf_map* map = map_of(object, name)) {
			const int fd = bpf_obj_get((folder + "/" + name).c_str());
			if (fd < 0 || bpf_map__reuse_fd(map, fd) != 0)
				die(folder + "/" + name);
			close(fd);
		}
}

// A variable in rodata, found by its BTF.
template <typename T> void set(bpf_object* object, const char* variable, const T& value)
{
	const btf* types = bpf_object__btf(object);
	const int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
	const btf_type* type = section < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(section));
	size_t size = 0;
	char* bytes = static_cast<char*>(const_cast<void*>(bpf_map__initial_value(map_of(object, ".rodata"), &size)));

	for (unsigned i = 0; type && bytes && i < btf_vlen(type); i++) {
		const btf_var_secinfo& place = btf_var_secinfos(type)[i];
		const btf_type* var = btf__type_by_id(types, place.type);
		if (std::string(btf__name_by_offset(types, var->name_off)) != variable)
			continue;
		if (place.size != sizeof value || place.offset + place.size > size)
			throw std::runtime_error(std::string(variable) + " has another size");
		std::memcpy(bytes + place.offset, &value, sizeof value);
		return;
	}
	throw std::runtime_error("no variable " + std::string(variable));
}

void set_pool(bpf_object* object, const std::string& prefix)
{
	const auto slash = prefix.find('/');
	const int length = slash == std::string::npos ? 32 : std::atoi(prefix.c_str() + slash + 1);
	in_addr address{};

	if (inet_pton(AF_INET, prefix.substr(0, slash).c_str(), &address) != 1 || length < 1 || length > 32)
		throw std::invalid_argument("no prefix: " + prefix);
	set(object, "pool_address", address.s_addr);
	set(object, "pool_mask", htonl(~0u << (32 - length)));
}

void add_route(const bpf_object* object, const std::string& text)
{
	const auto slash = text.find('/'), space = text.find(' ');
	if (slash == std::string::npos || space == std::string::npos)
		throw std::invalid_argument("no route: " + text);
	const std::string address = text.substr(0, slash);
	const route to{.gateway = {}, .output = static_cast<__u32>(std::stoul(text.substr(space + 1))), .direct = 1};
	const __u32 length = static_cast<__u32>(std::stoul(text.substr(slash + 1)));
	route4_key four{.length = length, .addr = 0};
	route6_key six{.length = length, .addr = {}};
	int error;

	if (inet_pton(AF_INET, address.c_str(), &four.addr) == 1)
		error = bpf_map_update_elem(bpf_map__fd(map_of(object, "routes4")), &four, &to, BPF_ANY);
	else if (inet_pton(AF_INET6, address.c_str(), six.addr) == 1)
		error = bpf_map_update_elem(bpf_map__fd(map_of(object, "routes6")), &six, &to, BPF_ANY);
	else
		throw std::invalid_argument("no route: " + text);
	if (error)
		die("route " + text);
}

void set_macs(bpf_object* object, const std::vector<std::string>& texts)
{
	__u8 macs[2][6];
	ether_addr address;

	for (std::size_t i = 0; i < std::size(macs); i++) {
		if (i >= texts.size() || !ether_aton_r(texts[i].c_str(), &address))
			throw std::invalid_argument("--mac takes two MAC addresses, one after the other");
		std::memcpy(macs[i], address.ether_addr_octet, sizeof macs[i]);
	}
	set(object, "macs", macs);
}

int run(int argc, char** argv)
{
	using Texts = std::vector<std::string>;
	cxxopts::Options options("hand", "attach a hand-written function");
	options.add_options()("function", "", cxxopts::value<std::string>())(
	    "netns", "", cxxopts::value<std::string>())("capacity", "",
							cxxopts::value<unsigned>()->default_value("131072"))(
	    "share", "", cxxopts::value<std::string>())("pool", "", cxxopts::value<std::string>())(
	    "mac", "", cxxopts::value<Texts>())("route", "", cxxopts::value<Texts>());
	options.parse_positional("function");
	const auto said = options.parse(argc, argv);
	const std::string path = std::string(NFUP_BENCH_NF) + "/hand_" + said["function"].as<std::string>() + ".bpf.o";
	bpf_object* object = bpf_object__open_file(path.c_str(), nullptr);

	if (!object)
		die(path);
	e2e::enter_netns(said["netns"].as<std::string>());
	set_capacity(object, said["capacity"].as<unsigned>());
	if (said.count("share"))
		share(object, said["share"].as<std::string>());
	set(object, "inside_ifindex", if_nametoindex(ports[0]));
	if (said.count("pool"))
		set_pool(object, said["pool"].as<std::string>());
	if (said.count("mac"))
		set_macs(object, said["mac"].as<Texts>());
	if (bpf_object__load(object) != 0)
		die("load " + path);
	if (said.count("route"))
		for (const std::string& route : said["route"].as<Texts>())
			add_route(object, route);
	e2e::stop_on_signals();
	for (__u32 i = 0; i < std::size(ports); i++) {
		const __u32 ifindex = if_nametoindex(ports[i]);
		if (bpf_map_update_elem(bpf_map__fd(map_of(object, "ports")), &i, &ifindex, BPF_ANY) != 0 ||
		    !bpf_program__attach_xdp(bpf_object__find_program_by_name(object, "hand"),
					     static_cast<int>(ifindex)))
			die(std::string("attach to ") + ports[i]);
	}
	std::cout << "attached" << std::endl;
	while (!e2e::stop_requested)
		pause();
	return 0; // the links end with their file descriptors
}

} // namespace

int main(int argc, char** argv)
try {
	return run(argc, argv);
} catch (const std::exception& error) {
	std::cerr << "hand: " << error.what() << "\n";
	return 1;
}
