alias Value = vec4f;
alias StoredValue = Stored4;
