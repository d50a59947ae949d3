enable f16;
alias Stored = f16;
alias Stored4 = vec4<f16>;
