/** The shapes Zoo's balance has had; "documented" is the example in Zoo's own API reference. */
export type Generation = "2022-08" | "2024-03" | "2025-07" | "2025-11" | "2026-08" | "documented";

export const GENERATIONS: readonly Generation[] = [
  "2022-08",
  "2024-03",
  "2025-07",
  "2025-11",
  "2026-08",
  "documented",
];

/** Must never be seen outside the stand-in: tests search answers, stores and logs for it. */
export const PAYMENT_SECRET = "seti_canary_NotARealIntent_secret_MustNeverLeaveTheProxy";

type Body = Record<string, unknown>;

export function balanceBody(
  generation: Generation,
  { includeTotalDue = false }: { includeTotalDue?: boolean } = {},
): Body {
  // Before 2025-07 the endpoint had no such parameter and always told the amount due.
  const due = (amount: number): Body => (includeTotalDue ? { total_due: amount } : {});
  switch (generation) {
    case "2022-08":
      return body202208();
    case "2024-03":
      return body202403();
    case "2025-07":
      return { ...body202507(), ...due(0) };
    case "2025-11":
      return { ...body202511(), ...due(12.5) };
    case "2026-08":
      return { ...body202608(), ...due(4.2) };
    case "documented":
      return bodyDocumented();
  }
}

function body202208(): Body {
  return {
    created_at: "2022-08-02T09:14:07.218Z",
    id: "0b7a6c1e-54d0-4a6b-9d1b-0f4c7a4f1a11",
    monthly_credits_remaining: 9.4,
    pre_pay_cash_remaining: 20,
    pre_pay_credits_remaining: 25.0083,
    total_due: 0,
    updated_at: "2022-08-30T16:40:52.903Z",
    user_id: "7f3d2f0e-1a55-4f0f-8f6e-3f1d1f0a9c22",
  };
}

function body202403(): Body {
  return {
    created_at: "2024-03-04T11:20:31.115Z",
    id: "5d0f1b52-6a0b-4c2c-8f57-6f6f3f3cb0a3",
    map_id: "c58a1f5e-9f0e-4f57-9c6a-2f1a7f4de0b4",
    modeling_app_enterprise_price: null,
    monthly_credits_remaining: 0.0083,
    pre_pay_cash_remaining: 15.25,
    pre_pay_credits_remaining: 40.5,
    subscription_details: {
      modeling_app: {
        description: "For people who design every day.",
        features: [{ info: "Unlimited projects" }],
        name: "pro",
        pay_as_you_go_credits: 20,
        price: { interval: "month", price: 20, type: "flat" },
        support_tier: "priority",
        training_data_behavior: "default_on",
        type: { type: "individual" },
        zoo_tools_included: ["modeling_app", "text_to_cad", "diff_chrome_extension"],
      },
    },
    subscription_id: "sub_canary202403",
    total_due: 3.1,
    updated_at: "2024-03-19T08:05:44.027Z",
  };
}

function body202507(): Body {
  return {
    created_at: "2025-01-15T10:02:11.482Z",
    id: "a3f6f5c0-2b43-4a8c-a5a5-0e9b6f0f2c55",
    map_id: "e21c1d3b-7b0d-4d53-bb51-8d7c3f7b9d66",
    modeling_app_enterprise_price: { type: "enterprise" },
    monthly_api_credits_remaining: 1176,
    monthly_api_credits_remaining_monetary_value: 9.8,
    stable_api_credits_remaining: 1,
    stable_api_credits_remaining_monetary_value: 0.0083,
    subscription_details: {
      modeling_app: {
        annual_discount: 10,
        description: "For teams who design together.",
        endpoints_included: ["modeling", "ml", "file"],
        features: [{ info: "Shared billing" }],
        monthly_pay_as_you_go_api_credits: 2400,
        monthly_pay_as_you_go_api_credits_monetary_value: 20,
        name: "team",
        pay_as_you_go_api_credit_price: 0.0083,
        price: { interval: "month", price: 399, type: "per_user" },
        share_links: ["public", "password_protected", "organization_only"],
        support_tier: "priority_email",
        training_data_behavior: "default_off",
        type: { saml_sso: false, type: "organization" },
        zoo_tools_included: ["modeling_app", "text_to_cad"],
      },
    },
    subscription_id: "sub_canary202507",
    updated_at: "2025-07-21T13:37:05.660Z",
  };
}

function body202511(): Body {
  return {
    created_at: "2025-03-08T07:45:59.001Z",
    monthly_api_credits_remaining: 240,
    monthly_api_credits_remaining_monetary_value: 2,
    stable_api_credits_remaining: 6012,
    stable_api_credits_remaining_monetary_value: 50.1,
    subscription_details: {
      modeling_app: {
        annual_discount: 16.5,
        description: "For people who design every day.",
        display_name: "Plus",
        endpoints_included: ["modeling", "ml", "file"],
        features: [{ info: "Unlimited projects" }],
        monthly_pay_as_you_go_api_credits: 2400,
        monthly_pay_as_you_go_api_credits_monetary_value: 20,
        name: "plus",
        pay_as_you_go_api_credit_price: 0.0083,
        price: { interval: "year", price: 199.99, type: "flat" },
        share_links: ["public"],
        support_tier: "standard_email",
        training_data_behavior: "default_on",
        type: { type: "individual" },
        zoo_tools_included: ["modeling_app", "text_to_cad"],
      },
    },
    subscription_id: "sub_canary202511",
    updated_at: "2025-11-17T21:09:33.750Z",
  };
}

function body202608(): Body {
  return {
    created_at: "2026-02-11T15:30:00.123456Z",
    monthly_api_credits_refresh_at: "2026-12-11T15:30:00.123456Z",
    monthly_api_credits_remaining: 1501,
    monthly_api_credits_remaining_monetary_value: 12.4583,
    stable_api_credits_remaining: 3000,
    stable_api_credits_remaining_monetary_value: 24.9,
    subscription_details: {
      action_client_secret: PAYMENT_SECRET,
      action_type: "setup_intent",
      modeling_app: {
        annual_discount: null,
        billing_mode: "standard",
        description: "For people who design every day.",
        display_name: "Pro",
        endpoints_included: ["modeling", "ml", "file"],
        features: [{ info: "Unlimited projects" }, { info: "Private share links" }],
        ml_custom_models: false,
        monthly_pay_as_you_go_api_credits: 2400,
        monthly_pay_as_you_go_api_credits_monetary_value: 20,
        name: "pro_2026",
        pay_as_you_go_api_credit_price: 0.0083,
        price: { interval: "month", price: 29, type: "flat" },
        share_links: ["public", "password_protected"],
        support_tier: "standard_email",
        training_data_behavior: "default_off",
        type: { type: "individual" },
        zoo_tools_included: ["modeling_app", "text_to_cad"],
      },
    },
    subscription_id: "sub_canary202608",
    updated_at: "2026-11-20T18:22:41.987654Z",
  };
}

function bodyDocumented(): Body {
  return {
    created_at: "2024-04-29T19:59:59.640Z",
    id: "494394af-f7ec-43e1-8db2-b91f8f68f4e9",
    map_id: "d1f68643-4693-4b1d-91ca-4e750d3bf408",
    modeling_app_enterprise_price: { interval: "day", price: "31.06", type: "per_user" },
    monthly_credits_remaining: "58.93",
    pre_pay_cash_remaining: "70.93",
    pre_pay_credits_remaining: "87.79",
    subscription_details: {
      modeling_app: {
        description: "dPrSI4QPiwRODbRRoquYMC",
        features: [
          {
            info: "KzWmB4sPI22nA66emeXIvFuZO9TIYDh8NWlE1sDrgat1TXtDhC7ODBJmtXGhIkAP0eOVGz5SMid8",
          },
        ],
        name: "free",
        pay_as_you_go_credits: "66.98",
        price: { type: "enterprise" },
        support_tier: "standard",
        training_data_behavior: "default_off",
        type: { type: "individual" },
        zoo_tools_included: ["modeling_app"],
      },
    },
    subscription_id: "02NK8hTKc9gdZPYYlY26mfqAL",
    total_due: "31.61",
    updated_at: "2024-04-29T19:59:59.641Z",
  };
}
