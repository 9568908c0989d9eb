local health = {status = "Progressing", message = "not looked at yet"}
if obj.status ~= nil and obj.status.observedGeneration == obj.metadata.generation then
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type == "Ready" then
      health.message = condition.message
      if condition.status == "True" then health.status = "Healthy" end
    elseif condition.type == "Stalled" and condition.status == "True" then
      health.status = "Degraded"
    end
  end
end
return health
