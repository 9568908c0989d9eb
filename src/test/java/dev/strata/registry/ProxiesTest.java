package dev.strata.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {
    private static boolean proxied(Map<String, String> environment, String uri) {
        return !new Proxies(environment).select(URI.create(uri)).equals(List.of(Proxy.NO_PROXY));
    }

    @Test
    void eachSchemeHasItsProxy() {
        Map<String, String> environment = Map.of("HTTPS_PROXY", "http://proxy:3128");
        assertThat(proxied(environment, "https://registry.example/v2/")).isTrue();
        assertThat(proxied(environment, "http://registry.example/v2/")).isFalse();
        assertThat(proxied(Map.of("http_proxy", "proxy:3128"), "http://registry.example/v2/"))
                .isTrue();
        assertThat(proxied(Map.of("ALL_PROXY", "proxy:3128"), "https://registry.example/"))
                .isTrue();
        assertThat(proxied(Map.of(), "https://registry.example/")).isFalse();
    }

    @Test
    void loopbackIsNeverProxied() {
        Map<String, String> environment = Map.of("HTTP_PROXY", "http://proxy:3128");
        assertThat(proxied(environment, "http://localhost:5000/")).isFalse();
        assertThat(proxied(environment, "http://127.0.0.1:5000/")).isFalse();
        assertThat(proxied(environment, "http://[::1]:5000/")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, registry.example.com, false",
        "example.com, example.com, false",
        ".example.com, registry.example.com, false",
        ".example.com, example.com, true",
        "*.example.com, registry.example.com, false",
        "example.com, notexample.com, true",
        "*, registry.example.com, false",
        "10.0.0.0/8, 10.1.2.3, false",
        "10.0.0.0/8, 11.1.2.3, true",
        "registry.example.com:443, registry.example.com, false",
        "registry.example.com:8443, registry.example.com, true",
        "'other, EXAMPLE.com', registry.example.com, false"
    })
    void someHostsAreReachedDirectly(String noProxy, String host, boolean proxied) {
        assertThat(proxied(Map.of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", noProxy), "https://" + host + "/"))
                .isEqualTo(proxied);
    }

    @Test
    void aProxyThatCannotBeUsedIsRefusedWithoutItsPassword() {
        assertThatThrownBy(() -> new Proxies(Map.of("HTTPS_PROXY", "socks5://user:secret@proxy:1080")))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("HTTPS_PROXY")
                .hasMessageNotContaining("secret");
    }

    @Test
    void requestsGoThroughTheProxyWithItsPassword() throws IOException {
        List<String> seen = new CopyOnWriteArrayList<>();
        HttpServer proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.createContext("/", exchange -> {
            seen.add(exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Proxy-Authorization"));
            byte[] body = "{\"schemaVersion\":2,\"manifests\":[]}".getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", MediaTypes.INDEX);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        proxy.start();
        String address = "http://user:p%40ss@127.0.0.1:" + proxy.getAddress().getPort();
        RegistryOptions options =
                new RegistryOptions(new java.util.TreeMap<>(), List.of("registry.example"), List.of(), null);
        try (Registry client = new Registry(
                options, new Waits().retry(), Map.of("HTTP_PROXY", address), CredentialProgram::runProcess)) {
            client.resolve(Reference.parse("registry.example/shop:1"));
        } finally {
            proxy.stop(0);
        }
        assertThat(seen).containsExactly("http://registry.example/v2/shop/manifests/1 Basic dXNlcjpwQHNz");
    }
}
