// SPDX-License-Identifier: BSD-2-Clause
// ns a packet of what lies between two hosts, generator and receiver included, all on
// one CPU. Several labs are measured by turns, so that a slow minute of the machine
// meets all of them.
//
//	traffic --lab NAME=CLIENT:SERVER… --to ADDRESS --from PREFIX [options]
//
// CLIENT and SERVER are network namespaces whose eth0 is a veth. First each flow is
// opened through the lab, with answers (TCP: a handshake), then sampled, then timed.
// The result is JSON on stdout.
#include "frames.h"
#include "tests/e2e/netns.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cxxopts.hpp>
#include <net/if.h>
#include <netinet/ether.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using bench::Flows;
using bench::Kind;
using e2e::die;
using nlohmann::json;

constexpr unsigned batch = 64;    // frames between two looks at softirqs
constexpr unsigned most_idle = 5; // calls, of some 20 ms each, that send and receive nothing
constexpr unsigned sampled = 1000;
constexpr std::uint64_t linger_ns = 500'000'000;

struct Options {
	Flows flows;
	std::vector<std::string> labs;
	std::uint64_t frames;
	unsigned rounds, cpu;
	bool answers;
	std::string samples; // folder, or ""
};

class Lab {
public:
	Lab(const std::string& spec, const Options& opt) : opt_(opt)
	{
		const auto equals = spec.find('='), colon = spec.find(':');
		if (equals == std::string::npos || colon == std::string::npos || colon < equals)
			throw std::invalid_argument("--lab takes NAME=CLIENT:SERVER, not " + spec);
		name_ = spec.substr(0, equals);
		client_ = spec.substr(equals + 1, colon - equals - 1);
		server_ = spec.substr(colon + 1);
		object_ = bpf_object__open_file(NFUP_TRAFFIC, nullptr);
		if (!object_ || bpf_object__load(object_) != 0)
			die("load " NFUP_TRAFFIC);
		const int map = bpf_map__fd(bpf_object__find_map_by_name(object_, ".data.pass"));
		void* shared = mmap(nullptr, sizeof(traffic_pass), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
		if (shared == MAP_FAILED)
			die("mmap of the pass");
		pass_ = static_cast<volatile traffic_pass*>(shared);
		links_[0] = attach("receive", server_);
		links_[1] = attach("answered", client_);
	}
	~Lab()
	{
		for (bpf_link* link : links_)
			bpf_link__destroy(link);
		munmap(const_cast<traffic_pass*>(pass_), sizeof(traffic_pass));
		bpf_object__close(object_);
	}
	Lab(const Lab&) = delete;
	Lab& operator=(const Lab&) = delete;

	const std::string& name() const { return name_; }

	// Every flow once, answered; TCP's are open then.
	json open()
	{
		const unsigned count = opt_.flows.count;
		const traffic_answer answer = !opt_.answers ? ANSWER_NONE : opt_.flows.tcp ? ANSWER_SYN : ANSWER_ECHO;
		traffic_pass done = run(opt_.flows.tcp ? Kind::syn : Kind::data, answer, count);
		expect(done.received, count, "the first packet of a flow");
		if (opt_.answers)
			expect(done.answered, count, "its answer");
		if (opt_.flows.tcp)
			expect(run(Kind::ack, ANSWER_NONE, count).received, count, "the handshake's end");
		return {{"flows", count}, {"answered", done.answered}, {"opening_seconds", seconds(done)}};
	}

	// Looks at frames as they come out; they go to the folder of samples, too.
	void sample()
	{
		std::vector<std::vector<std::uint8_t>> frames;
		ring_buffer* ring = ring_buffer__new(
		    bpf_map__fd(bpf_object__find_map_by_name(object_, "samples")),
		    [](void* to, void* data, size_t) {
			    const auto* s = static_cast<const traffic_sample*>(data);
			    static_cast<decltype(frames)*>(to)->emplace_back(s->bytes, s->bytes + s->length);
			    return 0;
		    },
		    &frames, nullptr);
		if (!ring)
			die("ring of samples");
		const unsigned count = std::min(opt_.flows.count, sampled);
		run(Kind::data, ANSWER_SAMPLE, count);
		ring_buffer__consume(ring);
		ring_buffer__free(ring);
		expect(frames.size(), count, "samples");
		std::ofstream file;
		if (!opt_.samples.empty())
			file.open(opt_.samples + "/" + name_ + ".frames", std::ios::binary);
		for (const auto& frame : frames) {
			const std::string fault = bench::fault_of(frame);
			if (!fault.empty())
				throw std::runtime_error(name_ + ": a frame came out, and " + fault);
			file.write(reinterpret_cast<const char*>(frame.data()),
				   static_cast<std::streamsize>(frame.size()));
		}
	}

	json timed()
	{
		const traffic_pass done = run(Kind::data, ANSWER_NONE, opt_.frames);
		const double ns = seconds(done) * 1e9 / static_cast<double>(opt_.frames);
		return {{"ns", done.received == opt_.frames ? json(ns) : json()},
			{"sent", done.sent},
			{"received", done.received},
			{"missing", done.missing},
			{"behind", done.behind},
			{"held", done.held}};
	}

private:
	static double seconds(const traffic_pass& done)
	{
		return static_cast<double>(done.last_ns - done.first_ns) / 1e9;
	}

	void expect(std::uint64_t got, std::uint64_t wanted, const char* what) const
	{
		if (got != wanted)
			throw std::runtime_error(name_ + ": " + what + ": " + std::to_string(got) + " of " +
						 std::to_string(wanted) + " arrived");
	}

	// In a thread of its own, which is in the namespace then.
	bpf_link* attach(const char* program, const std::string& netns)
	{
		bpf_link* link = nullptr;
		std::thread([&] {
			e2e::enter_netns(netns);
			link = bpf_program__attach_xdp(bpf_object__find_program_by_name(object_, program),
						       static_cast<int>(if_nametoindex("eth0")));
			if (!link)
				die("attach to eth0 of " + netns);
		}).join();
		return link;
	}

	traffic_pass read() const
	{
		traffic_pass copy;
		std::memcpy(&copy, const_cast<const traffic_pass*>(pass_), sizeof copy);
		return copy;
	}

	traffic_pass run(Kind kind, traffic_answer answer, std::uint64_t frames)
	{
		traffic_pass pass = bench::make_pass(opt_.flows, kind);
		pass.answer = answer;
		pass.frames = frames;
		std::memcpy(const_cast<traffic_pass*>(pass_), &pass, sizeof pass);
		std::thread([this] { send(); }).join();
		wait_for_the_rest();
		return read();
	}

	void send()
	{
		cpu_set_t only;
		CPU_ZERO(&only);
		CPU_SET(opt_.cpu, &only);
		if (sched_setaffinity(0, sizeof only, &only) != 0)
			die("sched_setaffinity");
		e2e::enter_netns(client_);
		std::vector<std::uint8_t> frame(bench::frame_bytes(opt_.flows));
		xdp_md context{};
		context.data_end = static_cast<__u32>(frame.size());
		context.ingress_ifindex = if_nametoindex("eth0");
		LIBBPF_OPTS(bpf_test_run_opts, options);
		options.data_in = frame.data();
		options.data_size_in = static_cast<__u32>(frame.size());
		options.ctx_in = &context;
		options.ctx_size_in = sizeof context;
		options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		const int program = bpf_program__fd(bpf_object__find_program_by_name(object_, "generate"));
		unsigned idle = 0;
		while (!e2e::stop_requested && pass_->sent < pass_->frames) {
			const std::uint64_t seen = pass_->received, sent = pass_->sent;
			const std::uint64_t due = pass_->frames - pass_->sent;
			options.repeat = static_cast<int>(std::min<std::uint64_t>(due + due / 8 + batch, 100'000'000));
			options.batch_size = batch;
			if (bpf_prog_test_run_opts(program, &options) != 0 && errno != EINTR)
				die("run live frames");
			idle = pass_->received == seen && pass_->sent == sent ? idle + 1 : 0;
			if (idle == most_idle)
				return; // all that is under way is lost: received tells
		}
	}

	void wait_for_the_rest() const
	{
		std::uint64_t seen = pass_->received, since = e2e::now_ns();
		const auto all = [&] {
			return pass_->received >= pass_->frames &&
			       (pass_->answer == ANSWER_NONE || pass_->answer == ANSWER_SAMPLE ||
				pass_->answered >= pass_->frames);
		};
		while (!all() && e2e::now_ns() < since + linger_ns) {
			usleep(1000);
			if (pass_->received != seen) {
				seen = pass_->received;
				since = e2e::now_ns();
			}
		}
	}

	const Options& opt_;
	std::string name_, client_, server_;
	bpf_object* object_ = nullptr;
	bpf_link* links_[2] = {};
	volatile traffic_pass* pass_ = nullptr;
};

void read_mac(const std::string& text, std::uint8_t (&mac)[6])
{
	ether_addr address;
	if (!ether_aton_r(text.c_str(), &address))
		throw std::invalid_argument("no MAC address: " + text);
	std::memcpy(mac, address.ether_addr_octet, sizeof mac);
}

Options parse(int argc, char** argv)
{
	cxxopts::Options options("traffic", "ns a packet of what lies between two hosts");
	options.add_options()("lab", "NAME=CLIENT:SERVER", cxxopts::value<std::vector<std::string>>())(
	    "flows", "", cxxopts::value<unsigned>()->default_value("1"))(
	    "size", "bytes of a frame with its checksum", cxxopts::value<unsigned>()->default_value("64"))(
	    "family", "4 or 6", cxxopts::value<int>()->default_value("4"))(
	    "protocol", "tcp or udp", cxxopts::value<std::string>()->default_value("tcp"))(
	    "from", "source prefix", cxxopts::value<std::string>())("to", "destination", cxxopts::value<std::string>())(
	    "port", "", cxxopts::value<std::uint16_t>()->default_value("80"))(
	    "to-mac", "", cxxopts::value<std::string>())("from-mac", "", cxxopts::value<std::string>())(
	    "frames", "a round", cxxopts::value<std::uint64_t>()->default_value("2000000"))(
	    "rounds", "",
	    cxxopts::value<unsigned>()->default_value("3"))("cpu", "", cxxopts::value<unsigned>()->default_value("1"))(
	    "no-answers", "")("samples", "a folder", cxxopts::value<std::string>()->default_value(""));
	const auto said = options.parse(argc, argv);
	Options opt;
	opt.labs = said["lab"].as<std::vector<std::string>>();
	opt.flows.family = said["family"].as<int>();
	opt.flows.tcp = said["protocol"].as<std::string>() == "tcp";
	opt.flows.count = said["flows"].as<unsigned>();
	opt.flows.size = said["size"].as<unsigned>();
	opt.flows.from = said["from"].as<std::string>();
	opt.flows.to = said["to"].as<std::string>();
	opt.flows.port = said["port"].as<std::uint16_t>();
	read_mac(said["to-mac"].as<std::string>(), opt.flows.to_mac);
	read_mac(said["from-mac"].as<std::string>(), opt.flows.from_mac);
	opt.frames = said["frames"].as<std::uint64_t>();
	opt.rounds = said["rounds"].as<unsigned>();
	opt.cpu = said["cpu"].as<unsigned>();
	opt.answers = !said.count("no-answers");
	opt.samples = said["samples"].as<std::string>();
	if (opt.flows.size < 64 || opt.flows.size > TRAFFIC_LONGEST + 4)
		throw std::invalid_argument("--size: from 64 to 1518");
	if (opt.flows.count < 1 || opt.flows.count > 255 * TRAFFIC_PORTS)
		throw std::invalid_argument("--flows: from 1 to 4177920");
	return opt;
}

} // namespace

int main(int argc, char** argv)
try {
	const Options opt = parse(argc, argv);
	std::vector<std::unique_ptr<Lab>> labs;
	json results = json::object();

	e2e::stop_on_signals();
	for (const std::string& spec : opt.labs) {
		auto& lab = labs.emplace_back(std::make_unique<Lab>(spec, opt));
		results[lab->name()] = lab->open();
		lab->sample();
	}
	for (unsigned round = 0; round < opt.rounds && !e2e::stop_requested; round++)
		for (const auto& lab : labs)
			results[lab->name()]["rounds"].push_back(lab->timed());
	std::cout << json{{"frame_bytes", bench::frame_bytes(opt.flows) + 4}, {"labs", results}} << "\n";
	return e2e::stop_requested ? 130 : 0;
} catch (const std::exception& error) {
	std::cerr << "traffic: " << error.what() << "\n";
	return 1;
}
