package dev.tautline.interop.nat;

import dev.tautline.interop.Require;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * An Internet of one network namespace, with hosts behind routers of one {@link NetworkKind} each.
 * Nothing of it touches the machine's own network; closing it removes all of it. Needs root, {@code
 * ip} and {@code nft}.
 */
public final class NetLab implements AutoCloseable {
  /** Where servers of the laboratory listen. */
  public static final String SERVER = "203.0.113.1";

  /** The servers' second address, for tests of a NAT's behaviour. */
  public static final String SERVER_ALTERNATE = "203.0.113.2";

  /** The servers' IPv6 address. */
  public static final String SERVER_IPV6 = "2001:db8::1";

  private final String prefix = "tl" + ProcessHandle.current().pid() + "-";
  private final List<String> namespaces = new ArrayList<>();
  private final Map<Host, Router> lans = new HashMap<>();

  /** When the test run is ended from outside, the namespaces end too. */
  private final Thread atExit = new Thread(this::deleteNamespaces, "end-nat-laboratory");

  private int sites;
  private int links;

  /** A host of the laboratory. */
  public record Host(NetworkKind kind, String namespace) {
    /** A command that runs in its network. */
    public List<String> command(List<String> command) {
      List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
      all.addAll(command);
      return all;
    }
  }

  private record Router(String namespace, int number) {}

  private NetLab() {}

  /** An Internet without hosts; ends the test where it cannot be made. */
  public static NetLab create() {
    Require.program("ip", "iproute2");
    Require.program("nft", "nftables");
    Require.that(
        "root".equals(System.getProperty("user.name")) && Files.isWritable(Path.of("/run")),
        "the NAT laboratory makes network namespaces: run it as root");
    var lab = new NetLab();
    Runtime.getRuntime().addShutdownHook(lab.atExit);
    try {
      String internet = lab.namespace("inet");
      lab.ip("-n", internet, "link", "add", "br0", "type", "bridge");
      lab.up(internet, "br0");
      lab.address(internet, "br0", SERVER + "/24");
      lab.address(internet, "br0", SERVER_ALTERNATE + "/24");
      lab.address(internet, "br0", SERVER_IPV6 + "/64");
      // What goes to addresses that are nowhere, such as the private ones of hosts, vanishes as it
      // does
      // on the Internet. Without a route coturn would end an allocation that sends there.
      lab.ip("-n", internet, "link", "add", "void", "type", "veth", "peer", "name", "nobody");
      lab.up(internet, "void");
      lab.up(internet, "nobody");
      for (String gateway : List.of("198.18.0.1", "fe80::1")) {
        lab.ip(
            "-n", internet, "neigh", "add", gateway, "lladdr", "02:00:00:00:00:01", "dev", "void");
      }
      lab.ip(
          "-n", internet, "route", "add", "default", "via", "198.18.0.1", "dev", "void", "onlink");
      lab.ip("-n", internet, "-6", "route", "add", "default", "via", "fe80::1", "dev", "void");
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
    return lab;
  }

  /** The namespace in which servers run. */
  public Host internet() {
    return new Host(NetworkKind.PUBLIC, prefix + "inet");
  }

  /** One more host with a network of its own. */
  public Host host(NetworkKind kind) {
    int number = ++sites;
    if (!kind.hasRouter()) {
      String host = namespace("host" + number);
      plug(host, "eth0");
      if (kind != NetworkKind.IPV6_ONLY) {
        address(host, "eth0", "203.0.113." + (10 + number) + "/24");
      }
      address(host, "eth0", "2001:db8::" + Integer.toHexString(0x10 + number) + "/64");
      return new Host(kind, host);
    }
    return behind(kind, router(kind, number), number, 0);
  }

  /** Two hosts in one network behind one NAT of this kind. */
  public List<Host> neighbours(NetworkKind kind) {
    int number = ++sites;
    String router = router(kind, number);
    Host first = behind(kind, router, number, 0);
    String second = namespace("host" + number + "n");
    // A second cable into the same network: a bridge would do, a routed host address is less.
    link(router, "lan9", second, "eth0");
    up(router, "lan9");
    up(second, "eth0");
    address(second, "eth0", "192.168." + number + ".3/24");
    ip("-n", router, "route", "add", "192.168." + number + ".3/32", "dev", "lan9");
    sysctl(router, "net.ipv4.conf.lan9.proxy_arp=1");
    sysctl(router, "net.ipv4.conf.lan0.proxy_arp=1");
    ip("-n", second, "route", "add", "default", "via", "192.168." + number + ".1", "dev", "eth0");
    return List.of(first, new Host(kind, second));
  }

  /** Hosts on one switch behind one NAT: multicast goes from each to all of them. */
  public List<Host> lan(NetworkKind kind, int count) {
    int number = ++sites;
    String router = router(kind, number);
    // Not a bridge in the router: its rules are for what is routed.
    String lan = namespace("lan" + number);
    ip("-n", lan, "link", "add", "br0", "type", "bridge");
    up(lan, "br0");
    plug(lan, router, "lan0");
    String network = "192.168." + number;
    address(router, "lan0", network + ".1/24");
    List<Host> hosts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String host = namespace("host" + number + (char) ('a' + i));
      plug(lan, host, "eth0");
      address(host, "eth0", network + "." + (2 + i) + "/24");
      ip("-n", host, "route", "add", "default", "via", network + ".1");
      // Nor is there a name server; a browser would wait for it before its first page.
      for (String nameServer : nameServers()) {
        ip("-n", host, "route", "add", "unreachable", nameServer + "/32");
      }
      hosts.add(new Host(kind, host));
    }
    lans.put(hosts.get(0), new Router(router, number));
    return List.copyOf(hosts);
  }

  /** The machine's own, IPv4: there is no IPv6 to others, and loopback answers at once. */
  private static List<String> nameServers() {
    try {
      return Files.readAllLines(Path.of("/etc/resolv.conf")).stream()
          .map(line -> line.strip().split("\\s+"))
          .filter(words -> words.length > 1 && words[0].equals("nameserver"))
          .map(words -> words[1])
          .filter(address -> address.indexOf(':') < 0 && !address.startsWith("127."))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The router of a network made by {@link #lan}, named by its first host, changes its kind. */
  public void change(Host first, NetworkKind kind) {
    Router router = lans.get(first);
    if (router == null) {
      throw new IllegalArgumentException(first + " is not the first host of a LAN");
    }
    rule(router.namespace(), kind, router.number());
  }

  /** Two hosts in separate networks behind one NAT: {@code HAIRPIN} and {@code NO_HAIRPIN}. */
  public List<Host> separated(NetworkKind kind) {
    int number = ++sites;
    String router = router(kind, number);
    return List.of(behind(kind, router, number, 0), behind(kind, router, number, 1));
  }

  private String router(NetworkKind kind, int number) {
    String router = namespace("nat" + number);
    plug(router, "wan");
    address(router, "wan", "203.0.113." + (10 + number) + "/24");
    sysctl(router, "net.ipv4.ip_forward=1");
    sysctl(router, "net.ipv6.conf.all.forwarding=1");
    rule(router, kind, number);
    return router;
  }

  /** In place of the rules that it has. */
  private void rule(String router, NetworkKind kind, int number) {
    String rules =
        kind.rules()
            .replace("%WAN%", "203.0.113." + (10 + number))
            .replace("%HOST%", "192.168." + number + ".2");
    run("flush ruleset\n" + rules, "ip", "netns", "exec", router, "nft", "-f", "-");
  }

  private Host behind(NetworkKind kind, String router, int number, int network) {
    String host = namespace("host" + number + (network == 0 ? "" : "b"));
    String side = "lan" + network;
    link(router, side, host, "eth0");
    up(router, side);
    up(host, "eth0");
    String lan = network == 0 ? "192.168." + number : "10.0." + number;
    address(router, side, lan + ".1/24");
    address(host, "eth0", lan + ".2/24");
    ip("-n", host, "route", "add", "default", "via", lan + ".1");
    if (kind == NetworkKind.DEAD_IPV6) {
      String ipv6 = "2001:db8:" + Integer.toHexString(0x100 + number) + "::";
      address(router, side, ipv6 + "1/64");
      address(host, "eth0", ipv6 + "2/64");
      ip("-n", host, "-6", "route", "add", "default", "via", ipv6 + "1");
    }
    return new Host(kind, host);
  }

  /** Removes a host's default route and address: its network is gone. */
  public void unplug(Host host) {
    ip("-n", host.namespace(), "link", "set", "eth0", "down");
  }

  private String namespace(String name) {
    String full = prefix + name;
    ip("netns", "add", full);
    namespaces.add(full);
    // Duplicate address detection would keep IPv6 addresses back for seconds.
    sysctl(full, "net.ipv6.conf.all.accept_dad=0");
    sysctl(full, "net.ipv6.conf.default.accept_dad=0");
    sysctl(full, "net.ipv6.conf.default.dad_transmits=0");
    up(full, "lo");
    return full;
  }

  /** Connects a namespace to the Internet's switch. */
  private void plug(String namespace, String device) {
    plug(prefix + "inet", namespace, device);
  }

  private void plug(String bridge, String namespace, String device) {
    String far = "port" + ++links;
    link(bridge, far, namespace, device);
    ip("-n", bridge, "link", "set", far, "master", "br0");
    up(bridge, far);
    up(namespace, device);
  }

  private void link(String one, String deviceOne, String two, String deviceTwo) {
    ip(
        "link", "add", deviceOne, "netns", one, "type", "veth", "peer", "name", deviceTwo, "netns",
        two);
  }

  private void up(String namespace, String device) {
    ip("-n", namespace, "link", "set", device, "up");
  }

  private void address(String namespace, String device, String address) {
    if (address.indexOf(':') >= 0) {
      ip("-n", namespace, "addr", "add", address, "dev", device, "nodad");
    } else {
      ip("-n", namespace, "addr", "add", address, "dev", device);
    }
  }

  private void sysctl(String namespace, String setting) {
    run("", "ip", "netns", "exec", namespace, "sysctl", "-qw", setting);
  }

  private void ip(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    run("", command.toArray(new String[0]));
  }

  private static void run(String input, String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": " + output + "\n" + input);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted: " + String.join(" ", command), e);
    }
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(atExit);
    deleteNamespaces();
  }

  private void deleteNamespaces() {
    // A namespace takes its ends of the cables with it.
    for (String namespace : List.copyOf(namespaces)) {
      run("", "ip", "netns", "del", namespace);
    }
    namespaces.clear();
  }
}
