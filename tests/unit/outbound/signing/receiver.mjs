// An independent receiver: reads {form, headers, body (base64), secret | pem, url} from standard input, line by line,
// and prints true or false for each. Nothing of it is Hookyard's; it follows the specifications.
import crypto from "node:crypto";
import readline from "node:readline";

const same = (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b);
const mac = (secret, content) =>
  crypto.createHmac("sha256", Buffer.from(secret.replace(/^whsec_/, ""), "base64")).update(content).digest();

function plain({ headers, body, secret }) {
  const expected = Buffer.from("sha256=" + mac(secret, body).toString("hex"));
  return headers["x-webhook-signature"].split(",").some((one) => same(Buffer.from(one), expected));
}

function standard({ headers, body, secret, pem }) {
  const content = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), body]);
  return headers["webhook-signature"].split(" ").some((entry) => {
    const [version, encoded] = entry.split(",");
    const signature = Buffer.from(encoded, "base64");
    if (version === "v1" && secret) return same(signature, mac(secret, content));
    if (version === "v1a" && pem) return crypto.verify(null, content, pem, signature);
    return false;
  });
}

function http({ headers, body, secret, pem, url }) {
  const digest = crypto.createHash("sha256").update(body).digest("base64");
  if (headers["content-digest"] !== `sha-256=:${digest}:`) return false;
  return headers["signature-input"].split(", ").some((member) => {
    const [, label, parameters, names] = /^([a-z0-9]+)=(\(([^)]*)\).*)$/.exec(member);
    const lines = names.split(" ").map((quoted) => {
      const name = quoted.slice(1, -1);
      const value = { "@method": "POST", "@target-uri": url }[name] ?? headers[name];
      return `${quoted}: ${value}\n`;
    });
    const base = Buffer.from(`${lines.join("")}"@signature-params": ${parameters}`);
    const found = new RegExp(`${label}=:([^:]*):`).exec(headers["signature"]);
    const signature = Buffer.from(found[1], "base64");
    return parameters.endsWith('alg="ed25519"')
      ? Boolean(pem) && crypto.verify(null, base, pem, signature)
      : Boolean(secret) && same(signature, mac(secret, base));
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  asked.body = Buffer.from(asked.body, "base64");
  console.log({ plain, standard, http }[asked.form](asked));
}
