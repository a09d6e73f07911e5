// SPDX-License-Identifier: BSD-2-Clause
// nfup state send, receive and thaw: states that move to another machine.
#include <cstdio>
#include <iostream>

#include "cli.h"
#include "upgrade/freeze.h"
#include "upgrade/session.h"
#include "upgrade/state_receive.h"
#include "upgrade/state_send.h"

namespace nfup::tools {

namespace {

// Without authentication: another machine gets in where the operator says so.
constexpr const char* loopback = "127.0.0.1";

// What both ends say.
template <class Report> json report_json(const Cli& cli, const Report& report)
{
	json states = json::array();
	for (const auto& state : report.states)
		states.push_back({{"atom", state.atom}, {"entries", state.entries}});
	return {{"ok", true},
		{"name", cli.words[1]},
		{"mended", report.mended},
		{"peer", report.peer},
		{"states", states},
		{"entries", report.entries},
		{"bytes", report.bytes},
		{"rounds", report.rounds},
		{"seconds", report.seconds},
		{"freeze_ms", report.freeze_ms}};
}

template <class Report> void print_report(const Report& report, const char* did)
{
	for (const auto& state : report.states)
		std::cout << state.atom << ": " << state.entries << " " << did << "\n";
	printf("%lu bytes in %.1f s, %d rounds; frozen for %.1f ms\n", report.bytes, report.seconds, report.rounds,
	       report.freeze_ms);
}

} // namespace

int run_state_send(const Cli& cli)
{
	auto address = upgrade::Address::parse(cli.words[2]);
	if (!address)
		return report(cli, address.error());
	upgrade::SendOptions options;
	options.atoms = {cli.words.begin() + 3, cli.words.end()};
	options.thaw = cli.options.count("thaw") > 0;
	options.progress = [](const upgrade::SendRound& round) {
		fprintf(stderr, "round %d%s: %lu changes, %.2f s\n", round.number, round.frozen ? " (frozen)" : "",
			round.changes, round.seconds);
	};
	auto sent = upgrade::send_states(cli.folders, cli.words[1], *address, options);
	if (!sent)
		return report(cli, sent.error());
	if (cli.as_json) {
		json answer = report_json(cli, *sent);
		answer["frozen"] = sent->frozen;
		print_json(answer);
		return 0;
	}
	print_report(*sent, "sent");
	if (sent->frozen)
		std::cout << cli.words[1] << " stays frozen here: move its traffic, then nfup detach " << cli.words[1]
			  << " (or nfup state thaw " << cli.words[1] << ")\n";
	return 0;
}

int run_state_receive(const Cli& cli)
{
	auto address = upgrade::Address::parse(cli.words[2], loopback);
	if (!address)
		return report(cli, address.error());
	upgrade::ReceiveSteps steps;
	steps.listening = [](const std::string& on) {
		std::cerr << "listening on " << on << "\n";
	};
	steps.met = [](const std::string& peer) {
		std::cerr << "receiving from " << peer << "\n";
	};
	steps.turned_away = [](const Error& why) {
		std::cerr << "turned away: " << why.message << "\n";
	};
	auto received = upgrade::receive_states(cli.folders, cli.words[1], *address, steps);
	if (!received)
		return report(cli, received.error());
	if (cli.as_json)
		print_json(report_json(cli, *received));
	else
		print_report(*received, "received");
	return 0;
}

int run_state_thaw(const Cli& cli)
{
	auto session = upgrade::begin(cli.folders, cli.words[1]);
	if (!session)
		return report(cli, session.error());
	auto thawed = upgrade::thaw_sent(session->store);
	if (!thawed)
		return report(cli, thawed.error());
	if (cli.as_json)
		print_json({{"ok", true}, {"name", cli.words[1]}, {"mended", session->mended}, {"thawed", *thawed}});
	else
		std::cout << cli.words[1] << (*thawed ? " is thawed" : " was not frozen") << "\n";
	return 0;
}

} // namespace nfup::tools
