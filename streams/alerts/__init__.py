"""Episodes in; alert records (firing, updated, resolved, withdrawn) with causes and explanation out."""
