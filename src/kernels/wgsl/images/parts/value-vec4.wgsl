alias Value = vec4f;
alias StoredValue = Element4;
