package dev.strata.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that {@code HTTP_PROXY}, {@code HTTPS_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY} name, in either case,
 * with the meaning that Go's programs give them: loopback is never proxied.
 */
final class Proxies extends ProxySelector {
    private final @Nullable URI http;
    private final @Nullable URI https;
    private final List<String> direct;

    Proxies(Map<String, String> environment) {
        this.http = address(environment, "http_proxy");
        this.https = address(environment, "https_proxy");
        this.direct = Arrays.stream(
                        value(environment, "no_proxy").toLowerCase(Locale.ROOT).split("[,\\s]+"))
                .filter(entry -> !entry.isEmpty())
                .toList();
        if (needsPassword(http) || needsPassword(https)) {
            // Java refuses passwords for tunnels unless told otherwise; here the user has asked for just that.
            System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
        }
    }

    private static boolean needsPassword(@Nullable URI proxy) {
        return proxy != null && proxy.getRawUserInfo() != null;
    }

    private static String value(Map<String, String> environment, String name) {
        String lower = environment.getOrDefault(name, "");
        return (lower.isEmpty() ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "") : lower).strip();
    }

    private static @Nullable URI address(Map<String, String> environment, String name) {
        String own = value(environment, name);
        String text = own.isEmpty() ? value(environment, "all_proxy") : own;
        if (text.isEmpty()) {
            return null;
        }
        try {
            URI uri = new URI(text.contains("://") ? text : "http://" + text);
            if (uri.getHost() != null && "http".equals(uri.getScheme())) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw notAProxy(name, null); // the cause would quote a password
        }
        throw notAProxy(name, null);
    }

    private static RegistryException notAProxy(String name, @Nullable Throwable cause) {
        return RegistryException.configuration(
                "the environment variable " + name.toUpperCase(Locale.ROOT) + " names no proxy that can be used",
                "It must look like http://[user:password@]proxy.example:3128",
                cause);
    }

    @Override
    public List<Proxy> select(URI uri) {
        URI proxy = proxy(uri);
        if (proxy == null) {
            return List.of(Proxy.NO_PROXY);
        }
        int port = proxy.getPort() < 0 ? 80 : proxy.getPort();
        return List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port)));
    }

    /** What the proxy on the way to {@code uri} wants to see. */
    Optional<String> authorization(URI uri) {
        URI proxy = proxy(uri);
        if (proxy == null || proxy.getRawUserInfo() == null) {
            return Optional.empty();
        }
        String user = URLDecoder.decode(proxy.getRawUserInfo().replace("+", "%2B"), StandardCharsets.UTF_8);
        return Optional.of("Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
    }

    private @Nullable URI proxy(URI uri) {
        URI proxy = "https".equals(uri.getScheme()) ? https : http;
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        if (proxy == null || Endpoints.isLoopback(host)) {
            return null;
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        return direct.stream().anyMatch(entry -> covers(entry, host, port)) ? null : proxy;
    }

    private static boolean covers(String entry, String host, int port) {
        if (entry.equals("*")) {
            return true;
        }
        if (entry.matches("[\\d.]+/\\d{1,2}")) {
            return inNetwork(entry, host);
        }
        String name = entry;
        if (entry.matches("[^:]+:\\d+")) {
            name = entry.substring(0, entry.indexOf(':'));
            if (!entry.substring(entry.indexOf(':') + 1).equals(String.valueOf(port))) {
                return false;
            }
        }
        String plain = name.replaceFirst("^\\*?\\.", "");
        boolean onlyBelow = name.startsWith(".") || name.startsWith("*.");
        return (!onlyBelow && host.equals(plain)) || host.endsWith("." + plain);
    }

    private static boolean inNetwork(String network, String host) {
        int slash = network.indexOf('/');
        Long base = address4(network.substring(0, slash));
        Long address = address4(host);
        int bits = Integer.parseInt(network.substring(slash + 1));
        return base != null && address != null && bits <= 32 && (base >> (32 - bits)) == (address >> (32 - bits));
    }

    private static @Nullable Long address4(String text) {
        if (!text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return null;
        }
        long value = 0;
        for (String part : text.split("\\.")) {
            value = value << 8 | Integer.parseInt(part);
        }
        return value;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // The failure itself is thrown where the request was sent.
    }
}
