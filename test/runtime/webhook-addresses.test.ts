/** Where webhooks may be sent, and with which secrets they may be signed. */
import { describe, expect, test } from "vitest";
import { hmacKeyOf } from "../../src/lib/standard-webhooks.ts";
import { isPublicHttps } from "../../src/lib/url.ts";

describe("the address of a webhook", () => {
  test.each([
    "https://hooks.example.com/x",
    "https://8.8.8.8/",
    "https://a.b.example:8443/?q=1",
    "https://10.example.com/",
    "https://100.63.0.1/",
    "https://100.128.0.1/",
    "https://172.15.0.1/",
    "https://172.32.0.1/",
    "https://198.17.0.1/",
    "https://198.20.0.1/",
    "https://223.255.255.1/",
    "https://192.169.0.1/",
    "https://192.88.98.1/",
    "https://192.89.99.1/",
    "https://198.51.99.1/",
    "https://198.51.101.1/",
    "https://203.0.112.1/",
    "https://203.0.114.1/",
    "https://203.1.113.1/",
    "https://test.com/",
    "https://latest.dev/",
  ])("%s is accepted as public", (url) => {
    expect(isPublicHttps(url)).toBe(true);
  });
  test.each([
    "http://hooks.example.com/",
    "https://localhost/",
    "https://service.localhost/",
    "https://printer.local/",
    "https://db.internal/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://100.99.0.1/",
    "https://100.127.255.255/",
    "https://239.255.255.255/",
    "https://255.255.255.255/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.1/",
    "https://203.0.113.255/",
    "https://[2001:db8::1]/",
    "https://hooks.test/",
    "https://hooks.invalid/",
    "https://abc.onion/",
    "https://[::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://user:password@hooks.example.com/",
    "https://localhost./",
    "ftp://hooks.example.com/",
    "hooks.example.com",
    "",
    "https://localhost../",
    "https://db.internal../",
    "https://db.internal./",
    "https://hooks..example.com/",
    "https://.example.com/",
    "https://wiki.corp/",
    "https://wiki.corp./",
    "https://wiki.CORP/",
    "https://wiki.intranet/",
    "https://host.localdomain/",
    "https://hooks.default.svc/",
    "https://hooks.default.svc.cluster.local/",
    "https://nas.home.arpa/",
    "https://vault.private/",
    " https://hooks.example.com/",
    "https://hooks.example.com/ ",
    "https://hooks.exa\tmple.com/",
    "https://hooks.example.com/\n",
  ])("%j is refused as not public or not https", (url) => {
    expect(isPublicHttps(url)).toBe(false);
  });

  test("a signing secret is accepted as base64 of at least 24 bytes, with or without its prefix", () => {
    const good = btoa("x".repeat(24));
    expect(hmacKeyOf(`whsec_${good}`)).toHaveLength(24);
    expect(hmacKeyOf(good)).toHaveLength(24);
    for (const bad of ["", "whsec_", btoa("x".repeat(23)), "whsec_!!!!", "undefined"]) {
      expect(hmacKeyOf(bad)).toBeNull();
    }
  });
});
